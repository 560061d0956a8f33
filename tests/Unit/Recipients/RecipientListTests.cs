using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;
using static Ledgerpost.Recipients.RecipientState;

namespace UnitTests.Recipients;

public sealed class RecipientListTests
{
    [Fact]
    public async Task List_FiltersByStateAndAddress_AndCountsWhatItFinds()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var states = Enumerable.Repeat(Accepted, 12).Concat([Pending, Excluded]).ToArray();
        var id = await database.AddCampaignAsync(tenant, CampaignStatus.Partial, states);

        var first = await FindAsync(database, tenant, id, new(Take: 10));
        Assert.Equal((10, 14), (first.Items.Count, first.Total));
        Assert.Equal(Enumerable.Range(1, 10), first.Items.Select(item => item.Number));
        Assert.Equal(
            [11, 12, 13, 14],
            (await FindAsync(database, tenant, id, new(Skip: 10))).Items.Select(i => i.Number)
        );
        Assert.Equal([13], (await FindAsync(database, tenant, id, new(Pending))).Items.Select(i => i.Number));
        Assert.Equal(
            [1, 10, 11, 12, 13, 14],
            (await FindAsync(database, tenant, id, new(Search: "PERSON1"))).Items.Select(i => i.Number)
        );
        Assert.Equal(14, (await FindAsync(database, tenant, id, new(Search: "@example.net"))).Total);
        Assert.Equal(0, (await FindAsync(database, tenant, id, new(Search: "person_"))).Total);
    }

    [Fact]
    public async Task List_FiltersByWhatTheProviderReported()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await database.AddCampaignAsync(tenant, CampaignStatus.Sent, Accepted, Accepted, Accepted);
        await database.Db.WriteAsync(
            tenant.Scope,
            async (db, token) =>
            {
                var rows = await db.Recipients.OrderBy(row => row.Number).ToListAsync(token);
                rows[0].Delivery = Delivery.Bounced;
                rows[1].Delivery = Delivery.Delivered;
                rows[1].OpenedAt = database.Time.GetUtcNow();
            },
            CancellationToken.None
        );

        async Task<IEnumerable<int>> Find(DeliveryFilter filter) =>
            (await FindAsync(database, tenant, id, new(Delivery: filter))).Items.Select(item => item.Number);

        Assert.Equal([1], await Find(DeliveryFilter.Bounced));
        Assert.Equal([2], await Find(DeliveryFilter.Delivered));
        Assert.Equal([2], await Find(DeliveryFilter.Opened));
        Assert.Equal([3], await Find(DeliveryFilter.Silent));
    }

    [Fact]
    public async Task List_AndSummary_OfAnotherTenant_SeeNothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var id = await database.AddCampaignAsync(north, CampaignStatus.Partial, Accepted, Pending, InDoubt, Excluded);
        var summarize = new SummarizeLedgers(database.Db);

        Assert.Equal(0, (await FindAsync(database, south, id, new())).Total);
        Assert.Empty(await summarize.ExecuteAsync(south.Scope, [id], CancellationToken.None));
        var ours = await summarize.ExecuteAsync(north.Scope, [id], CancellationToken.None);
        Assert.Equal(new LedgerSummary(4, 1, 2), ours[id]);
    }

    private static Task<RecipientListPage> FindAsync(
        TestDatabase database,
        TestTenant tenant,
        Guid id,
        RecipientListQuery query
    ) => new RecipientList(database.Db).ExecuteAsync(tenant.Scope, id, query, CancellationToken.None);
}
