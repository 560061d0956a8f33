using System.Globalization;

namespace Bench;

/// <summary>
/// Many tenants with an account of their own and a small campaign each, and beside it the same campaigns through the
/// installation's one account. All begin at one moment; a campaign of another tenant goes first.
/// </summary>
internal static class LanesBench
{
    private const int WarmRecipients = 20_000;

    /// <param name="recipients">Of all campaigns together.</param>
    /// <param name="server">Null for SQLite.</param>
    public static async Task RunAsync(
        int recipients,
        int latency,
        PostgreSqlServer? server,
        BenchOptions options,
        Report report
    )
    {
        for (var run = 0; run < options.Runs; run++)
        {
            foreach (var own in new[] { true, false })
            {
                await using var store = await Store.CreateAsync(server);
                var through = own ? "accounts of their own" : "one account";
                var name = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{store.Name}, {options.Tenants} tenants, {through}, {recipients:N0} recipients, {latency} ms"
                );
                await RunOnceAsync(store, own, recipients, latency, options, report, name);
            }
        }
    }

    private static async Task RunOnceAsync(
        Store store,
        bool own,
        int recipients,
        int latency,
        BenchOptions options,
        Report report,
        string name
    )
    {
        var tenants = Enumerable.Range(1, options.Tenants).Select(i => $"tenant{i}").ToList();
        await using var provider = await Provider.StartAsync(store.Folder, latency, tenants: tenants);
        var (warm, campaigns) = await SeedAsync(store, provider, tenants, recipients / tenants.Count, own);
        await using var portals = Portals.Start(store, provider, instances: 1, options.Concurrency);
        await using var ledger = await store.OpenAsync();
        await Campaigns.WaitAsync(portals, Campaigns.Finished(ledger, warm));
        foreach (var campaign in campaigns)
        {
            await Campaigns.SetStatusAsync(ledger, campaign, "Sending");
        }

        var before = portals.ProcessorTime();
        await Campaigns.WaitAsync(portals, Campaigns.AllFinished(ledger));
        var spent = portals.ProcessorTime() - before;
        var (seconds, last) = await Campaigns.TimesAsync(ledger, warm);
        report.Add(name, "rate", "mails/s", recipients / seconds);
        report.Add(name, "until the last tenant's first mail", "s", last);
        report.Add(name, "portal's processor time", "µs/mail", spent.TotalMicroseconds / recipients);
        report.Add(name, "portal's peak memory", "MB", portals.PeakMegabytes());
        var (mails, duplicates) = await provider.StateAsync();
        if (mails != warm.Recipients + recipients || duplicates != 0)
        {
            throw new InvalidOperationException($"{mails} mails, {duplicates} duplicates for {recipients} recipients.");
        }
    }

    private static async Task<(SeededCampaign Warm, List<SeededCampaign> Campaigns)> SeedAsync(
        Store store,
        Provider provider,
        IReadOnlyList<string> tenants,
        int each,
        bool own
    )
    {
        await using var seed = await Seed.CreateAsync(store, provider.Address);
        var warm = await seed.AddAsync(Provider.Tenants[0], WarmRecipients);
        await seed.LaunchAsync(warm);
        var campaigns = new List<SeededCampaign>();
        await using var ledger = await store.OpenAsync();
        foreach (var tenant in tenants)
        {
            campaigns.Add(await seed.AddAsync(tenant, each, ownAccount: own));
            await seed.LaunchAsync(campaigns[^1]);
            await Campaigns.SetStatusAsync(ledger, campaigns[^1], "Paused");
        }

        return (warm, campaigns);
    }
}
