using System.Data.Common;
using System.Diagnostics;

namespace Bench;

/// <summary>Two campaigns of two tenants on one store, the second held back until its turn, and questions about how far they are.</summary>
internal static class Campaigns
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(30);

    // Both are launched before any portal runs; the second one waits, paused, until its turn.
    public static async Task<(SeededCampaign Warm, SeededCampaign Campaign)> SeedAsync(
        Store store,
        Provider provider,
        int warmRecipients,
        int recipients
    )
    {
        await using var seed = await Seed.CreateAsync(store, provider.Address);
        var warm = await seed.AddAsync(Provider.Tenants[0], warmRecipients);
        var campaign = await seed.AddAsync(Provider.Tenants[1], recipients);
        await seed.LaunchAsync(warm);
        await seed.LaunchAsync(campaign);
        await using var ledger = await store.OpenAsync();
        await SetStatusAsync(ledger, campaign, "Paused");
        return (warm, campaign);
    }

    public static Task<int> SetStatusAsync(DbConnection ledger, SeededCampaign campaign, string status) =>
        ledger.ExecuteAsync(
            """UPDATE "Campaigns" SET "Status" = @status WHERE "TenantId" = @tenant AND "Id" = @campaign""",
            ("status", status),
            ("tenant", campaign.TenantId),
            ("campaign", campaign.Id)
        );

    public static DbCommand Started(DbConnection ledger, SeededCampaign campaign) =>
        ledger.Command(
            """SELECT MIN("StartedAt") FROM "Attempts" WHERE "TenantId" = @tenant AND "CampaignId" = @campaign""",
            ("tenant", campaign.TenantId),
            ("campaign", campaign.Id)
        );

    public static DbCommand AnyStarted(DbConnection ledger) =>
        ledger.Command("""SELECT MIN("StartedAt") FROM "Attempts" """);

    public static DbCommand Finished(DbConnection ledger, SeededCampaign campaign) =>
        ledger.Command(
            """
            SELECT "FinishedAt" FROM "Campaigns"
            WHERE "TenantId" = @tenant AND "Id" = @campaign AND "Status" = 'Sent'
            """,
            ("tenant", campaign.TenantId),
            ("campaign", campaign.Id)
        );

    public static DbCommand AllFinished(DbConnection ledger) =>
        ledger.Command(
            """
            SELECT MAX("FinishedAt") FROM "Campaigns" HAVING SUM(CASE "Status" WHEN 'Sent' THEN 0 ELSE 1 END) = 0
            """
        );

    /// <summary>Of all campaigns but one: from the first call to the last one's end, and to the first call of the last that had one.</summary>
    public static async Task<(double Whole, double LastFirst)> TimesAsync(DbConnection ledger, SeededCampaign but)
    {
        await using var asked = ledger.Command(
            """
            SELECT MAX(c."FinishedAt") - MIN(f."At"), MAX(f."At") - MIN(f."At") FROM "Campaigns" AS c
            JOIN (SELECT "CampaignId", MIN("StartedAt") AS "At" FROM "Attempts" GROUP BY "CampaignId") AS f
                ON f."CampaignId" = c."Id"
            WHERE c."Id" <> @but
            """,
            ("but", but.Id)
        );
        await using var row = await asked.ExecuteReaderAsync();
        await row.ReadAsync();
        return (row.GetInt64(0) / 1e6, row.GetInt64(1) / 1e6);
    }

    /// <summary>Until the question's answer is a number.</summary>
    public static async Task WaitAsync(Portals portals, DbCommand question)
    {
        await using var asked = question;
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Longest; await Task.Delay(10))
        {
            portals.ThrowIfEnded();
            if (await asked.ExecuteScalarAsync() is long)
            {
                return;
            }
        }

        throw new TimeoutException($"Not within {Longest}: {asked.CommandText}");
    }
}
