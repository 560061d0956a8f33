using System.Diagnostics;
using System.Globalization;

namespace Bench;

/// <summary>
/// A small campaign of one tenant that begins while another tenant's large one is being sent on the same account, at the
/// provider's limit of ten calls in each second: how long it takes beside what it would take alone at half that rate.
/// </summary>
internal static class FairnessBench
{
    private const int CallsPerSecond = 10;
    private const int Few = 1_000;
    private static readonly TimeSpan Learning = TimeSpan.FromSeconds(10);

    /// <param name="recipients">Of the large campaign.</param>
    /// <param name="server">Null for SQLite.</param>
    /// <exception cref="InvalidOperationException">It took more than twice that time.</exception>
    public static async Task RunAsync(
        int recipients,
        int instances,
        PostgreSqlServer? server,
        BenchOptions options,
        Report report
    )
    {
        for (var run = 0; run < options.Runs; run++)
        {
            await using var store = await Store.CreateAsync(server);
            await using var provider = await Provider.StartAsync(store.Folder, 0, CallsPerSecond);
            var (_, few) = await Campaigns.SeedAsync(store, provider, recipients, Few);
            await using var portals = Portals.Start(store, provider, instances, options.Concurrency);
            await using var ledger = await store.OpenAsync();
            await Campaigns.WaitAsync(portals, Campaigns.AnyStarted(ledger));
            await Task.Delay(Learning);
            var watch = Stopwatch.StartNew();
            await Campaigns.SetStatusAsync(ledger, few, "Sending");
            await Campaigns.WaitAsync(portals, Campaigns.Finished(ledger, few));
            var took = watch.Elapsed.TotalSeconds;
            var alone = Few / 100 / (CallsPerSecond / 2.0);
            var name = string.Create(
                CultureInfo.InvariantCulture,
                $"{store.Name}, {instances} {(instances == 1 ? "instance" : "instances")}, {Few:N0} beside {recipients:N0}, {CallsPerSecond} calls a second"
            );
            report.Add(name, "until the small campaign was sent", "s", took);
            report.Add(name, "alone at half the rate", "s", alone);
            report.Add(name, "as often as long (limit: 2)", "times", took / alone);
            if (took > 2 * alone)
            {
                throw new InvalidOperationException($"{took:0.0} s, where it would take {alone:0.0} s alone.");
            }
        }
    }
}
