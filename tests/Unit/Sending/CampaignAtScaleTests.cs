using System.Diagnostics;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Microsoft.Data.Sqlite;
using UnitTests.Support;
using Xunit.Abstractions;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>A ledger of a million: that it adds up, and, printed and not asserted, what each step takes.</summary>
[Trait("Category", "Long")]
public sealed class CampaignAtScaleTests(ITestOutputHelper output)
{
    private const int People = 1_000_000;

    [Fact]
    public async Task LedgerOfAMillion_IsFrozen_Sent_Stopped_AndResumed_AndAddsUp()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await FillAsync(engine);
        var id = await MeasureAsync("launch: freeze and plan", () => engine.LaunchAsync());
        var progress = new CampaignProgress(engine.Db);
        engine.Provider.Then([.. Enumerable.Repeat(Fault.None, 20), Fault.DailyQuota]);

        await MeasureAsync("20 chunks of 100", () => engine.RunAsync());
        await MeasureAsync(
            "progress of the page",
            () => progress.ExecuteAsync(engine.Tenant.Scope, id, CancellationToken.None)
        );
        Assert.Equal(StopReason.DailyQuota, (await engine.CampaignAsync(id)).StopReason);
        var preview = await MeasureAsync(
            "preview of the resume",
            () => engine.ResumePreview.ExecuteAsync(engine.Tenant.Scope, id, CancellationToken.None)
        );
        Assert.Equal(
            (2_000, 978_040, 19_960),
            (preview!.Accepted, preview.WillSend, preview.Excluded.Sum(r => r.Count))
        );
        await MeasureAsync("resume", () => engine.ResumeAsync(id));
        engine.Provider.Then([.. Enumerable.Repeat(Fault.None, 20), Fault.DailyQuota]);
        await MeasureAsync("20 chunks of 100", () => engine.RunAsync());

        var counts = await MeasureAsync("counts", () => engine.CountsAsync(id));
        Assert.Equal((People, 4_000), (counts.Recipients, counts.Accepted));
        await MeasureAsync(
            "search of an address",
            () =>
                new RecipientList(engine.Db).ExecuteAsync(
                    engine.Tenant.Scope,
                    id,
                    new RecipientListQuery { Search = "person-777777@" },
                    CancellationToken.None
                )
        );
        var other = await engine.DraftAsync();
        await engine.LeaveOutAsync(other, id);
        await MeasureAsync("launch that leaves it out", () => engine.LaunchDraftAsync(other));
        // Refused and excluded there are nobody's recipients; here they are unsubscribed all the same.
        Assert.Equal(
            (People, 0),
            ((await engine.CountsAsync(other)).Excluded, (await engine.CountsAsync(other)).Pending)
        );
        Assert.Equal(4_000, engine.Provider.Mailed.Select(mail => mail.To).Distinct().Count());
    }

    private async Task<T> MeasureAsync<T>(string what, Func<Task<T>> step)
    {
        var clock = Stopwatch.StartNew();
        var result = await step();
        output.WriteLine($"{what, -26} {clock.ElapsedMilliseconds, 7:N0} ms");
        return result;
    }

    private Task MeasureAsync(string what, Func<Task> step) =>
        MeasureAsync(
            what,
            async () =>
            {
                await step();
                return true;
            }
        );

    /// <summary>One in fifty has unsubscribed, from number 2,001 on.</summary>
    private static async Task FillAsync(EngineHarness engine)
    {
        await engine.Database.AddManyContactsAsync(engine.Tenant, People);
        await using var connection = new SqliteConnection(engine.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = """
            INSERT INTO SuppressedAddresses (TenantId, Id, NormalizedEmail, Reason, CreatedAt)
            SELECT TenantId, Id, NormalizedEmail, 'Unsubscribed', 1 FROM Contacts WHERE CreatedAt % 50 = 0 AND CreatedAt > 2000;
            """;
        await command.ExecuteNonQueryAsync();
    }
}
