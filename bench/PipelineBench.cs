using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Bench;

/// <summary>
/// A whole campaign, from the ledger to the provider and back: the real binary as one process, the stand-in as another,
/// SQLite with synchronous=FULL. At its end the provider's count must be ours, and nobody twice.
/// </summary>
internal static class PipelineBench
{
    public static async Task RunAsync(int recipients, int latency, BenchOptions options, Report report)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{recipients:N0} recipients, {latency} ms");
        for (var run = 0; run < options.Runs; run++)
        {
            var folder = Directory.CreateTempSubdirectory("ledgerpost-bench-").FullName;
            try
            {
                await RunOnceAsync(folder, recipients, latency, options, report, name);
            }
            finally
            {
                SqliteConnection.ClearAllPools();
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static async Task RunOnceAsync(
        string folder,
        int recipients,
        int latency,
        BenchOptions options,
        Report report,
        string name
    )
    {
        await using var provider = await Provider.StartAsync(folder, latency);
        var data = Path.Combine(folder, "data");
        await using (var seed = await Seed.CreateAsync(data, provider.Address, recipients))
        {
            await seed.LaunchAsync();
        }

        await using var portal = ChildProcess.Start("AdminPortal", Path.Combine(folder, "portal.log"), Settings());
        await using var ledger = new SqliteConnection(Seed.ConnectionString(data) + ";Mode=ReadOnly");
        await ledger.OpenAsync();
        var watch = await WaitAsync(portal, ledger, """SELECT MIN("StartedAt") FROM "Attempts" """);
        var before = Machine.ProcessorTime(portal.Id);
        await WaitAsync(portal, ledger, """SELECT "FinishedAt" FROM "Campaigns" WHERE "Status" = 'Sent' """);
        var used = Machine.ProcessorTime(portal.Id) - before;
        var seconds = watch.Elapsed.TotalSeconds;
        report.Add(name, "rate", "mails/s", recipients / seconds);
        report.Add(name, "portal's processor time", "µs/mail", used.TotalMicroseconds / recipients);
        report.Add(name, "portal's peak memory", "MB", Machine.PeakMegabytes(portal.Id));
        var (mails, duplicates) = await provider.StateAsync();
        if (mails != recipients || duplicates != 0)
        {
            throw new InvalidOperationException($"{mails} mails, {duplicates} duplicates for {recipients} recipients.");
        }

        report.Add(
            name,
            "limit: a bare client on the stand-in",
            "mails/s",
            await provider.FeedAsync(Math.Clamp(recipients / 100, 100, 500), options.Concurrency)
        );

        string[] Settings() =>
            [
                "--environment=Production",
                $"--urls=http://127.0.0.1:{ChildProcess.FreePort()}",
                $"--contentRoot={folder}",
                $"--Portal:DataDirectory={data}",
                "--Portal:PublicUrl=https://bench.test",
                "--Resend:Mode=Resend",
                $"--Resend:BaseUrl={provider.Address}",
                $"--Resend:ApiKey={Provider.ApiKey}",
                "--Resend:WebhookSecret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "--Bootstrap:Email=operator@bench.test",
                "--Bootstrap:Password=correct horse battery",
                string.Create(CultureInfo.InvariantCulture, $"--Sending:MaxConcurrency={options.Concurrency}"),
            ];
    }

    private static async Task<Stopwatch> WaitAsync(ChildProcess portal, SqliteConnection ledger, string question)
    {
        await using var command = ledger.CreateCommand();
        command.CommandText = question;
        while (true)
        {
            portal.ThrowIfEnded();
            if (await command.ExecuteScalarAsync() is long)
            {
                return Stopwatch.StartNew();
            }

            await Task.Delay(10);
        }
    }
}
