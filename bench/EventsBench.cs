using System.Data.Common;
using System.Diagnostics;
using System.Globalization;

namespace Bench;

/// <summary>
/// A campaign at 100 ms provider latency, without and with a flood of signed events about its own mails: what is taken in and
/// applied, and what it costs the sending. Each half with processes of its own, as the pipeline's.
/// </summary>
internal static class EventsBench
{
    private const int Latency = 100;
    private const int WarmRecipients = 20_000;

    /// <param name="server">Null for SQLite.</param>
    public static async Task RunAsync(int recipients, PostgreSqlServer? server, BenchOptions options, Report report)
    {
        for (var run = 0; run < options.Runs; run++)
        {
            await using var quiet = await Store.CreateAsync(server);
            var name = string.Create(
                CultureInfo.InvariantCulture,
                $"{quiet.Name}, {recipients:N0} recipients, {Latency} ms, {options.Events:N0} events a second"
            );
            var without = await RunOnceAsync(quiet, recipients, 0, options, report, name);
            await using var flooded = await Store.CreateAsync(server);
            var with = await RunOnceAsync(flooded, recipients, options.Events, options, report, name);
            report.Add(name, "send rate without events", "mails/s", without);
            report.Add(name, "send rate with them", "mails/s", with);
            report.Add(name, "down by", "%", 100 * (without - with) / without);
        }
    }

    private static async Task<double> RunOnceAsync(
        Store store,
        int recipients,
        int eventsPerSecond,
        BenchOptions options,
        Report report,
        string name
    )
    {
        await using var provider = await Provider.StartAsync(store.Folder, Latency);
        var (warm, campaign) = await Campaigns.SeedAsync(store, provider, WarmRecipients, recipients);
        await using var portals = Portals.Start(store, provider, 1, options.Concurrency);
        await using var ledger = await store.OpenAsync();
        if (eventsPerSecond > 0)
        {
            // What is compiled once in a process's life is no cost of an event either. While it sends: idle workers rest.
            await Campaigns.WaitAsync(portals, Campaigns.Started(ledger, warm));
            await WarmAsync(store, portals, warm);
        }

        await Campaigns.WaitAsync(portals, Campaigns.Finished(ledger, warm));
        using var flood = new EventFlood(portals.Addresses[0], eventsPerSecond);
        var processor = portals.ProcessorTime();
        await Campaigns.SetStatusAsync(ledger, campaign, "Sending");
        await Campaigns.WaitAsync(portals, Campaigns.Started(ledger, campaign));
        var watch = Stopwatch.StartNew();
        using var stop = new CancellationTokenSource();
        await using var told = await store.OpenAsync();
        var flooding = eventsPerSecond > 0 ? flood.RunAsync(told, campaign, stop.Token) : Task.CompletedTask;
        await Campaigns.WaitAsync(portals, Campaigns.Finished(ledger, campaign));
        var rate = recipients / watch.Elapsed.TotalSeconds;
        var sent = watch.Elapsed.TotalSeconds;
        await stop.CancelAsync();
        await flooding;
        if (eventsPerSecond > 0)
        {
            await ReportAsync(ledger, campaign, flood, sent, watch, report, name);
            var cost = (portals.ProcessorTime() - processor).TotalMilliseconds;
            report.Add(name, "portal's processor time, of a second", "ms", cost / watch.Elapsed.TotalSeconds);
        }

        var (_, duplicates) = await provider.StateAsync();
        return duplicates == 0 ? rate : throw new InvalidOperationException($"{duplicates} duplicates.");
    }

    private static async Task WarmAsync(Store store, Portals portals, SeededCampaign warm)
    {
        using var flood = new EventFlood(portals.Addresses[0], 1_000);
        await using var ledger = await store.OpenAsync();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await flood.RunAsync(ledger, warm, stop.Token);
        while (await CountAsync(ledger, "WebhookMessages", "\"State\" = 'Waiting'") > 0)
        {
            await Task.Delay(100);
        }
    }

    private static async Task ReportAsync(
        DbConnection ledger,
        SeededCampaign campaign,
        EventFlood flood,
        double sent,
        Stopwatch watch,
        Report report,
        string name
    )
    {
        var inTime = await CountAsync(ledger, "WebhookMessages", "\"State\" = 'Applied'", campaign);
        report.Add(name, "events answered while it was sent", "a second", flood.Answered / sent);
        report.Add(name, "of these applied when it was sent", "%", 100.0 * inTime / flood.Answered);
        while (await CountAsync(ledger, "WebhookMessages", "\"State\" = 'Waiting'") > 0)
        {
            await Task.Delay(20);
        }

        report.Add(name, "the last applied after the campaign's end", "ms", (watch.Elapsed.TotalSeconds - sent) * 1000);
        report.Add(name, "an event's answer, median", "ms", flood.Median.TotalMilliseconds);
        report.Add(name, "an event's answer, 99 of 100", "ms", flood.Slowest.TotalMilliseconds);
        var told = await CountAsync(ledger, "RecipientEvents", "TRUE", campaign);
        if (told != flood.Answered)
        {
            throw new InvalidOperationException(
                $"{told} events in the stories of {flood.Answered} that were taken in."
            );
        }
    }

    private static async Task<long> CountAsync(
        DbConnection ledger,
        string table,
        string which,
        SeededCampaign? campaign = null
    )
    {
        await using var command = campaign is null
            ? ledger.Command($"""SELECT COUNT(*) FROM "{table}" WHERE {which}""")
            : ledger.Command(
                $"""SELECT COUNT(*) FROM "{table}" WHERE {which} AND "CampaignId" = @campaign""",
                ("campaign", campaign.Id)
            );
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }
}
