using System.Data.Common;
using System.Globalization;

namespace Bench;

/// <summary>
/// A real minute at the provider's limit of ten requests in each fixed second, after the time in which the account's rate
/// is learned: how much of the limit is used, and how many calls come too early for it.
/// </summary>
internal static class RateBench
{
    private const int CallsPerSecond = 10;
    private const int Recipients = 100_000;
    private static readonly TimeSpan Learning = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Measured = TimeSpan.FromMinutes(1);

    /// <param name="server">Null for SQLite.</param>
    public static async Task RunAsync(int instances, PostgreSqlServer? server, BenchOptions options, Report report)
    {
        for (var run = 0; run < options.Runs; run++)
        {
            await using var store = await Store.CreateAsync(server);
            await using var provider = await Provider.StartAsync(store.Folder, 0, CallsPerSecond);
            await using (var seed = await Seed.CreateAsync(store, provider.Address))
            {
                await seed.LaunchAsync(await seed.AddAsync(Provider.Tenants[1], Recipients));
            }

            await using var portals = Portals.Start(store, provider, instances, options.Concurrency);
            await using var ledger = await store.OpenAsync();
            while (await CountAsync(ledger, "TRUE") == 0)
            {
                portals.ThrowIfEnded();
                await Task.Delay(100);
            }

            await Task.Delay(Learning);
            var before = (await CountAsync(ledger, Accepted), await CountAsync(ledger, Early));
            await Task.Delay(Measured);
            portals.ThrowIfEnded();
            var after = (await CountAsync(ledger, Accepted), await CountAsync(ledger, Early));
            var (accepted, early) = (after.Item1 - before.Item1, after.Item2 - before.Item2);
            var name = string.Create(
                CultureInfo.InvariantCulture,
                $"{store.Name}, {instances} {(instances == 1 ? "instance" : "instances")}, {CallsPerSecond} calls a second"
            );
            report.Add(
                name,
                "of the provider's limit used",
                "%",
                100 * accepted / (CallsPerSecond * Measured.TotalSeconds)
            );
            report.Add(name, "calls answered with 429", "of a thousand", 1000.0 * early / (accepted + early));
        }
    }

    private const string Accepted = "\"Outcome\" = 'Accepted'";
    private const string Early = "\"Outcome\" = 'RateLimited'";

    private static async Task<long> CountAsync(DbConnection ledger, string which)
    {
        await using var command = ledger.Command($"""SELECT COUNT(*) FROM "Attempts" WHERE {which}""");
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }
}
