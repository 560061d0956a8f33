using System.Diagnostics;
using System.Globalization;

namespace Bench;

/// <summary>
/// A whole campaign, from the ledger to the provider and back: the real binary as one process or several, the stand-in as
/// another. At its end the provider's count must be ours, and nobody twice. A small campaign of another tenant goes first,
/// through the same processes: what is compiled once in a process's life is no cost of a mail.
/// </summary>
internal static class PipelineBench
{
    private const int WarmRecipients = 20_000;

    /// <param name="server">Null for SQLite.</param>
    public static async Task RunAsync(
        int recipients,
        int latency,
        int instances,
        PostgreSqlServer? server,
        BenchOptions options,
        Report report
    )
    {
        for (var run = 0; run < options.Runs; run++)
        {
            await using var store = await Store.CreateAsync(server);
            var name = string.Create(
                CultureInfo.InvariantCulture,
                $"{store.Name}, {instances} {(instances == 1 ? "instance" : "instances")}, {recipients:N0} recipients, {latency} ms"
            );
            await RunOnceAsync(store, recipients, latency, instances, options, report, name);
        }
    }

    private static async Task RunOnceAsync(
        Store store,
        int recipients,
        int latency,
        int instances,
        BenchOptions options,
        Report report,
        string name
    )
    {
        await using var provider = await Provider.StartAsync(store.Folder, latency);
        var (warm, campaign) = await Campaigns.SeedAsync(store, provider, WarmRecipients, recipients);
        await using var portals = Portals.Start(store, provider, instances, options.Concurrency);
        await using var ledger = await store.OpenAsync();
        await Campaigns.WaitAsync(portals, Campaigns.Finished(ledger, warm));
        await Campaigns.SetStatusAsync(ledger, campaign, "Sending");
        await Campaigns.WaitAsync(portals, Campaigns.Started(ledger, campaign));
        var watch = Stopwatch.StartNew();
        var before = portals.ProcessorTime();
        var provided = Machine.ProcessorTime(provider.ProcessId);
        await Campaigns.WaitAsync(portals, Campaigns.Finished(ledger, campaign));
        var seconds = watch.Elapsed.TotalSeconds;
        var whole = portals.ProcessorTime();
        provided = Machine.ProcessorTime(provider.ProcessId) - provided;
        report.Add(name, "rate", "mails/s", recipients / seconds);
        if (latency > 0)
        {
            var limit = instances * options.Concurrency * 100 * 1000.0 / latency;
            report.Add(name, "limit: calls in flight × 100 / latency", "mails/s", limit);
        }

        report.Add(name, "portal's processor time", "µs/mail", (whole - before).TotalMicroseconds / recipients);
        report.Add(name, "the stand-in's processor time", "µs/mail", provided.TotalMicroseconds / recipients);
        var all = recipients + warm.Recipients;
        report.Add(name, "the same with start and warm-up", "µs/mail", whole.TotalMicroseconds / all);
        report.Add(name, "portal's peak memory, the largest", "MB", portals.PeakMegabytes());
        var (mails, duplicates) = await provider.StateAsync();
        if (mails != all || duplicates != 0)
        {
            throw new InvalidOperationException($"{mails} mails, {duplicates} duplicates for {all} recipients.");
        }
    }
}
