using System.Diagnostics;
using AdminPortal.Hosting;
using Ledgerpost;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Hosting;

/// <summary>A database in trouble in the moment between the start and the first worker.</summary>
public sealed class SendingAtStartTests
{
    private const int DiskFull = 13;
    private const int ConstraintFailed = 19;

    [SqliteFact]
    public async Task Start_WhoseFirstStepFailsInTheDatabase_IsTriedAgain_AndTheCampaignIsSent()
    {
        var disk = new FullDisk();
        await using var engine = await EngineHarness.CreateAsync(disk);
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        var id = await engine.LaunchAsync();
        // As a dead process leaves it: with a worker that will never come back.
        await engine.Claim.ExecuteAsync(engine.Database.AccountId, "dead", CancellationToken.None);
        await using var services = Compose(engine);
        using var sending = ActivatorUtilities.CreateInstance<SendingService>(services);
        disk.Commits = 2;
        disk.Code = DiskFull;

        await sending.StartAsync(CancellationToken.None);
        await UntilAsync(engine, sending, async () => (await engine.CampaignAsync(id)).Status == CampaignStatus.Sent);
        await sending.StopAsync(CancellationToken.None);

        Assert.Equal(0, disk.Commits);
        Assert.Equal(3, (await engine.CountsAsync(id)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [SqliteFact]
    public async Task Start_WhoseFirstStepCanNeverGoWell_EndsTheService()
    {
        var disk = new FullDisk();
        await using var engine = await EngineHarness.CreateAsync(disk);
        await using var services = Compose(engine);
        using var sending = ActivatorUtilities.CreateInstance<SendingService>(services);
        disk.Commits = 1;
        disk.Code = ConstraintFailed;

        await sending.StartAsync(CancellationToken.None);
        while (!sending.ExecuteTask!.IsCompleted)
        {
            Assert.Null(engine.Time.NextDue());
            await Task.WhenAny(sending.ExecuteTask, Task.Delay(5));
        }

        await Assert.ThrowsAsync<CommitInDoubtException>(() => sending.ExecuteTask!);
    }

    private static ServiceProvider Compose(EngineHarness engine)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(engine.Db);
        services.AddSingleton(engine.Db.Safety);
        services.AddSingleton<TimeProvider>(engine.Time);
        services.AddSingleton<IIds>(engine.Database.Ids);
        services.AddSingleton(new Random(1));
        services.AddSingleton(new StampFile(Path.Combine(engine.Database.Folder, "portal.stamp")));
        services.AddSingleton(new SendingOptions { MaxConcurrency = 1 });
        services.AddSingleton(new ProviderEndpoint(ProviderMode.Resend, "http://provider.test", "re_test", []));
        services.AddSingleton<CrashPoints>(engine.Crash);
        services.AddSending("https://portal.test");
        services.AddSingleton(engine.Accounts);
        services.AddSingleton<IMailProvider>(engine.Provider);
        services.AddSingleton<IProviderReader>(new ArchiveReader(engine.Provider));
        return services.BuildServiceProvider();
    }

    /// <summary>
    /// Moves the clock to whatever waits for it; fails when the service has ended. How far the clock gets while the machine
    /// is busy elsewhere says nothing, so the limit is one of true time.
    /// </summary>
    private static async Task UntilAsync(EngineHarness engine, SendingService sending, Func<Task<bool>> done)
    {
        var began = Stopwatch.StartNew();
        while (!await done())
        {
            await Task.WhenAny(sending.ExecuteTask!, Task.Delay(5));
            Assert.False(sending.ExecuteTask!.IsCompleted, "The service has ended.");
            Assert.True(began.Elapsed < TimeSpan.FromMinutes(5), "Nothing was sent in five minutes.");
            if (engine.Time.NextDue() is { } due && due > engine.Time.GetUtcNow())
            {
                engine.Time.Advance(due - engine.Time.GetUtcNow());
            }
        }
    }

    private sealed class FullDisk : StorageFaults
    {
        /// <summary>So many commits fail.</summary>
        public int Commits { get; set; }

        public int Code { get; set; }

        public override void BeforeCommit()
        {
            if (Commits > 0)
            {
                Commits--;
                throw new SqliteException("The disk said no.", Code);
            }
        }
    }
}
