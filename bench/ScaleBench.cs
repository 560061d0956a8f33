using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Npgsql;

namespace Bench;

/// <summary>The statements that touch a whole campaign at once, each beside the raw statement that bounds it.</summary>
internal static class ScaleBench
{
    private const int Settles = 300;

    /// <param name="server">Null for SQLite.</param>
    public static async Task RunAsync(int recipients, PostgreSqlServer? server, BenchOptions options, Report report)
    {
        for (var run = 0; run < options.Runs; run++)
        {
            await using var store = await Store.CreateAsync(server);
            var name = string.Create(CultureInfo.InvariantCulture, $"{store.Name}, {recipients:N0} recipients");
            await using var seed = await Seed.CreateAsync(store, "http://provider.invalid");
            // The first of its kind in this process pays for its compilation, and is not what is measured.
            await seed.LaunchAsync(await seed.AddAsync("warm", 1000));
            var campaign = await seed.AddAsync("bench", recipients);
            await CheckpointAsync(store);
            report.Add(name, "limit: raw INSERT..SELECT", "s", (await RawFreezeAsync(store, campaign)).TotalSeconds);
            await CheckpointAsync(store);
            report.Add(name, "freeze and plan", "s", (await seed.LaunchAsync(campaign)).TotalSeconds);
            report.Add(name, "limit: raw settle of 100", "µs/mail", await RawSettleAsync(store, campaign));
            await PreviewAsync(store, seed, campaign, name, report);
            await OwnFieldsAsync(store, seed, recipients, name, report);
        }
    }

    /// <summary>The same launch where everybody has a field of the tenant's own, and the content names it.</summary>
    private static async Task OwnFieldsAsync(Store store, Seed seed, int recipients, string name, Report report)
    {
        var campaign = await seed.AddAsync("fields", recipients, ownFields: true);
        await CheckpointAsync(store);
        report.Add(
            name,
            "limit: raw INSERT..SELECT, with own fields",
            "s",
            (await RawFreezeAsync(store, campaign, withFields: true)).TotalSeconds
        );
        await CheckpointAsync(store);
        report.Add(name, "freeze and plan, with own fields", "s", (await seed.LaunchAsync(campaign)).TotalSeconds);
    }

    /// <summary>What was written before has its place in the file before the clock runs.</summary>
    private static async Task CheckpointAsync(Store store)
    {
        await using var connection = await store.OpenAsync();
        await connection.ExecuteAsync(
            store.Provider == DatabaseProvider.Sqlite ? "PRAGMA wal_checkpoint(TRUNCATE)" : "CHECKPOINT"
        );
    }

    /// <summary>The same rows into the same table with the same indexes, and nothing else; rolled back.</summary>
    private static async Task<TimeSpan> RawFreezeAsync(Store store, SeededCampaign campaign, bool withFields = false)
    {
        await using var connection = await store.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = connection.Command(
            """
            INSERT INTO "Recipients" ("TenantId", "CampaignId", "Number", "ContactId", "Email", "NormalizedEmail",
                "FirstName", "LastName", "State", "UpdatedAt", "Opens", "Clicks")
            SELECT "TenantId", @campaign, ROW_NUMBER() OVER (ORDER BY "CreatedAt", "Id"), "Id", "Email",
                "NormalizedEmail", "FirstName", "LastName", 'Pending', 0, 0, 0
            FROM "Contacts" WHERE "TenantId" = @tenant
            """,
            ("campaign", campaign.Id),
            ("tenant", campaign.TenantId)
        );
        command.Transaction = transaction;
        await using var fields = connection.Command(
            """
            INSERT INTO "RecipientFields" ("TenantId", "CampaignId", "RecipientNumber", "Fields")
            SELECT "TenantId", @campaign, ROW_NUMBER() OVER (ORDER BY "CreatedAt", "Id"), "Fields"
            FROM "Contacts" WHERE "TenantId" = @tenant
            """,
            ("campaign", campaign.Id),
            ("tenant", campaign.TenantId)
        );
        fields.Transaction = transaction;
        var watch = Stopwatch.StartNew();
        await command.ExecuteNonQueryAsync();
        if (withFields)
        {
            await fields.ExecuteNonQueryAsync();
        }

        return watch.Elapsed;
    }

    /// <summary>What one answer changes in the ledger, in one transaction: a row at a time on SQLite, at once on PostgreSQL.</summary>
    /// <returns>Microseconds a mail.</returns>
    private static async Task<double> RawSettleAsync(Store store, SeededCampaign campaign)
    {
        await using var connection = await store.OpenAsync();
        await using var command = connection.Command(
            store.Provider == DatabaseProvider.Sqlite
                ? """
                UPDATE "Recipients" SET "ProviderEmailId" = @id, "State" = 'Accepted'
                WHERE "TenantId" = @tenant AND "CampaignId" = @campaign AND "Number" = @number
                """
                : """
                UPDATE "Recipients" AS r SET "ProviderEmailId" = x.id, "State" = 'Accepted'
                FROM unnest(@number, @id) AS x(number, id)
                WHERE r."TenantId" = @tenant AND r."CampaignId" = @campaign AND r."Number" = x.number
                """,
            ("tenant", campaign.TenantId),
            ("campaign", campaign.Id)
        );
        var number = command.Add("number", new[] { 0 });
        var id = command.Add("id", new[] { "" });
        var chunks = Math.Min(Settles, campaign.Recipients / 100);
        var watch = new Stopwatch();
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            var numbers = Enumerable.Range((chunk * 100) + 1, 100).ToArray();
            var ids = Array.ConvertAll(numbers, _ => Guid.CreateVersion7().ToString());
            watch.Start();
            await using var transaction = await connection.BeginTransactionAsync();
            command.Transaction = transaction;
            if (store.Provider == DatabaseProvider.Sqlite)
            {
                for (var i = 0; i < numbers.Length; i++)
                {
                    (number.Value, id.Value) = (numbers[i], ids[i]);
                    command.ExecuteNonQuery();
                }
            }
            else
            {
                (number.Value, id.Value) = (numbers, ids);
                await PrepareOnceAsync(command, chunk);
                await command.ExecuteNonQueryAsync();
            }

            await transaction.CommitAsync();
            watch.Stop();
        }

        return watch.Elapsed.TotalMicroseconds / (chunks * 100);
    }

    private static Task PrepareOnceAsync(DbCommand command, int run) =>
        run == 0 && command is NpgsqlCommand ? command.PrepareAsync() : Task.CompletedTask;

    /// <summary>Half of it sent, one contact in a hundred deleted since.</summary>
    private static async Task PreviewAsync(Store store, Seed seed, SeededCampaign campaign, string name, Report report)
    {
        var half = campaign.Recipients / 2;
        await using (var connection = await store.OpenAsync())
        {
            foreach (
                var statement in new[]
                {
                    """UPDATE "Campaigns" SET "Status" = 'Partial' WHERE "Id" = @campaign""",
                    $"""UPDATE "Recipients" SET "State" = CASE WHEN "Number" <= {half} THEN 'Accepted' ELSE 'Pending' END WHERE "CampaignId" = @campaign""",
                    """UPDATE "Recipients" SET "ContactId" = NULL WHERE "Number" % 100 = 0 AND "CampaignId" = @campaign""",
                    """DELETE FROM "Contacts" WHERE ("CreatedAt" - 1750000000000000) % 100 = 0 AND "TenantId" = @tenant""",
                }
            )
            {
                await connection.ExecuteAsync(statement, ("campaign", campaign.Id), ("tenant", campaign.TenantId));
            }

            if (store.Provider == DatabaseProvider.PostgreSql)
            {
                // Two updates of every row at once are this bench's own, and no campaign's: as autovacuum would.
                await connection.ExecuteAsync("""VACUUM ANALYZE "Recipients", "Contacts" """);
            }
        }

        await seed.Db.AnalyzeAsync(CancellationToken.None);
        var progress = new CampaignProgress(seed.Db);
        var preview = new ResumePreview(seed.Db);
        // Once for its compilation and the file's pages, once for the clock.
        await progress.ExecuteAsync(campaign.Scope, campaign.Id, CancellationToken.None);
        var watch = Stopwatch.StartNew();
        await progress.ExecuteAsync(campaign.Scope, campaign.Id, CancellationToken.None);
        report.Add(name, "counts by state", "ms", watch.Elapsed.TotalMilliseconds);
        watch.Restart();
        var answer = await preview.ExecuteAsync(campaign.Scope, campaign.Id, CancellationToken.None);
        report.Add(name, "resume preview, first", "ms", watch.Elapsed.TotalMilliseconds);
        watch.Restart();
        answer = await preview.ExecuteAsync(campaign.Scope, campaign.Id, CancellationToken.None);
        report.Add(name, "resume preview, again", "ms", watch.Elapsed.TotalMilliseconds);
        var expected = half - (campaign.Recipients / 200);
        if (answer?.WillSend != expected)
        {
            throw new InvalidOperationException($"The preview says {answer?.WillSend}, not {expected}.");
        }

        await ProgramsListAsync(store, seed, campaign, name, report);
    }

    /// <summary>A program's list of campaigns, with their numbers; a third of who was mailed has been delivered, some have opened.</summary>
    private static async Task ProgramsListAsync(
        Store store,
        Seed seed,
        SeededCampaign campaign,
        string name,
        Report report
    )
    {
        await using (var connection = await store.OpenAsync())
        {
            await connection.ExecuteAsync(
                """UPDATE "Recipients" SET "Delivery" = 'Delivered' WHERE "State" = 'Accepted' AND "Number" % 3 = 0 AND "CampaignId" = @campaign""",
                ("campaign", campaign.Id)
            );
            await connection.ExecuteAsync(
                """UPDATE "Recipients" SET "OpenedAt" = 1, "Opens" = 1 WHERE "Delivery" = 'Delivered' AND "Number" % 10 = 0 AND "CampaignId" = @campaign""",
                ("campaign", campaign.Id)
            );
        }

        await seed.Db.AnalyzeAsync(CancellationToken.None);
        var pages = new CampaignPages(seed.Db);
        var watch = new Stopwatch();
        foreach (var run in new[] { "first", "again" })
        {
            watch.Restart();
            var page = await pages.ExecuteAsync(campaign.Scope, null, null, 50, CancellationToken.None);
            report.Add(name, $"campaigns as a program lists them, {run}", "ms", watch.Elapsed.TotalMilliseconds);
            if (page.Single(row => row.Campaign.Id == campaign.Id).Counts.Recipients != campaign.Recipients)
            {
                throw new InvalidOperationException("The list does not count everybody.");
            }
        }
    }
}
