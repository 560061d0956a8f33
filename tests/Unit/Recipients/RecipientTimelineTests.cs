using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using UnitTests.Support;
using static Ledgerpost.Recipients.RecipientState;

namespace UnitTests.Recipients;

public sealed class RecipientTimelineTests
{
    [Theory]
    [InlineData("1-40,42-100", 1, 0)]
    [InlineData("1-40,42-100", 41, -1)]
    [InlineData("1-40,42-100", 42, 40)]
    [InlineData("1-40,42-100", 100, 98)]
    [InlineData("7", 7, 0)]
    [InlineData("7,9", 9, 1)]
    public void IndexOf_InAList_IsThePlaceInTheRequest(string list, int number, int index) =>
        Assert.Equal(index, NumberRanges.IndexOf(list, number));

    [Fact]
    public async Task Timeline_HoldsTheAttemptsThatItWasIn_WithItsOwnProviderId_AndTheEvents()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await database.AddCampaignAsync(tenant, CampaignStatus.Sent, Accepted, Excluded, Accepted);
        await database.AddChunkAsync(
            tenant,
            id,
            1,
            (1, 3),
            ("1-3", AttemptOutcome.RateLimited, null),
            ("1,3", AttemptOutcome.Ambiguous, null),
            ("1,3", AttemptOutcome.Accepted, """["id-1","id-3"]""")
        );
        await database.Db.WriteAsync(
            tenant.Scope,
            (db, _) =>
            {
                db.RecipientEvents.Add(
                    new RecipientEvent
                    {
                        TenantId = tenant.Id,
                        CampaignId = id,
                        RecipientNumber = 3,
                        Id = database.Ids.New(),
                        Type = "email.delivered",
                        OccurredAt = database.Time.GetUtcNow().AddMinutes(5),
                        ReceivedAt = database.Time.GetUtcNow().AddMinutes(6),
                    }
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );

        var third = await ReadAsync(database, tenant, id, 3);
        Assert.Equal(
            ["Frozen", "RateLimited 2 -", "Ambiguous 1 -", "Accepted 1 id-3", "email.delivered"],
            third!.Entries.Select(Shown)
        );
        var excluded = await ReadAsync(database, tenant, id, 2);
        Assert.Equal(["Frozen", "Excluded", "RateLimited 2 -"], excluded!.Entries.Select(Shown));
    }

    [Fact]
    public async Task Timeline_AndActivity_OfAnotherTenant_AreUnknown()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var id = await database.AddCampaignAsync(north, CampaignStatus.Sent, Accepted);
        await database.AddChunkAsync(north, id, 1, (1, 1), ("1", AttemptOutcome.Accepted, """["x"]"""));

        Assert.Null(await ReadAsync(database, south, id, 1));
        Assert.Equal(0, (await ActivityAsync(database, south, id, 0, 10)).Total);
    }

    [Fact]
    public async Task Activity_MergesActsAndCalls_NewestFirst_PageByPage()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var id = await database.AddCampaignAsync(tenant, CampaignStatus.Sent, Accepted);
        await database.AddChunkAsync(
            tenant,
            id,
            1,
            (1, 1),
            ("1", AttemptOutcome.Ambiguous, null),
            ("1", AttemptOutcome.Accepted, """["x"]""")
        );
        await AuditAsync(database, tenant, id, "campaign.launched");
        database.Time.Advance(TimeSpan.FromSeconds(90));
        await AuditAsync(database, tenant, id, "campaign.edited");
        await AuditAsync(database, tenant, id, "campaign.paused");

        var all = await ActivityAsync(database, tenant, id, 0, 10);
        Assert.Equal(4, all.Total);
        Assert.Equal(
            ["Accepted", "campaign.paused", "Ambiguous", "campaign.launched"],
            all.Entries.Select(entry =>
                entry switch
                {
                    ActivityEntry.Act act => act.Action,
                    ActivityEntry.Call call => call.Outcome.ToString(),
                    _ => "?",
                }
            )
        );
        Assert.Equal(all.Entries.Skip(2), (await ActivityAsync(database, tenant, id, 2, 2)).Entries);
    }

    private static string Shown(TimelineEntry entry) =>
        entry switch
        {
            TimelineEntry.Frozen => "Frozen",
            TimelineEntry.Attempted a => $"{a.Outcome} {a.Others} {a.ProviderId ?? "-"}",
            TimelineEntry.Reported r => r.Type,
            TimelineEntry.Settled s => s.State.ToString(),
            _ => "?",
        };

    private static Task<RecipientTimelineView?> ReadAsync(
        TestDatabase database,
        TestTenant tenant,
        Guid id,
        int number
    ) => new RecipientTimeline(database.Db).ExecuteAsync(tenant.Scope, id, number, CancellationToken.None);

    private static Task<ActivityPage> ActivityAsync(
        TestDatabase database,
        TestTenant tenant,
        Guid id,
        int skip,
        int take
    ) => new CampaignActivity(database.Db).ExecuteAsync(tenant.Scope, id, skip, take, CancellationToken.None);

    private static Task AuditAsync(TestDatabase database, TestTenant tenant, Guid id, string action) =>
        database.Db.CommandAsync(
            tenant.As(Ledgerpost.Tenancy.TenantRole.Owner),
            Ledgerpost.Tenancy.TenantRole.Viewer,
            (command, _) =>
            {
                command.Audit(action, "campaign", id.ToString(), "Spring");
                return Task.FromResult(0);
            },
            CancellationToken.None
        );
}
