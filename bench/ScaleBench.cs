using System.Diagnostics;
using System.Globalization;
using Ledgerpost.Sending;
using Microsoft.Data.Sqlite;

namespace Bench;

/// <summary>The statements that touch a whole campaign at once, each beside the raw statement that bounds it.</summary>
internal static class ScaleBench
{
    private const int Settles = 300;

    public static async Task RunAsync(int recipients, BenchOptions options, Report report)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{recipients:N0} recipients");
        for (var run = 0; run < options.Runs; run++)
        {
            var folder = Directory.CreateTempSubdirectory("ledgerpost-bench-").FullName;
            try
            {
                await using var seed = await Seed.CreateAsync(folder, "http://provider.invalid", recipients);
                report.Add(name, "limit: raw INSERT..SELECT", "s", RawFreeze(folder, seed).TotalSeconds);
                report.Add(name, "freeze and plan", "s", (await seed.LaunchAsync()).TotalSeconds);
                report.Add(name, "limit: raw settle of 100", "µs/mail", RawSettle(folder, seed, recipients));
                await PreviewAsync(seed, folder, recipients, name, report);
            }
            finally
            {
                SqliteConnection.ClearAllPools();
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    /// <summary>The same rows into the same table with the same indexes, and nothing else; rolled back.</summary>
    private static TimeSpan RawFreeze(string folder, Seed seed)
    {
        using var connection = Open(folder);
        using var transaction = connection.BeginTransaction();
        using var command = Command(
            connection,
            """
            INSERT INTO "Recipients" ("TenantId", "CampaignId", "Number", "ContactId", "Email", "NormalizedEmail",
                "FirstName", "LastName", "State", "UpdatedAt", "Opens", "Clicks")
            SELECT "TenantId", @campaign, ROW_NUMBER() OVER (ORDER BY "CreatedAt", "Id"), "Id", "Email",
                "NormalizedEmail", "FirstName", "LastName", 'Pending', 0, 0, 0
            FROM "Contacts" WHERE "TenantId" = @tenant
            """,
            seed
        );
        var watch = Stopwatch.StartNew();
        command.ExecuteNonQuery();
        return watch.Elapsed;
    }

    /// <summary>What one answer changes in the ledger, row by row in one transaction.</summary>
    private static double RawSettle(string folder, Seed seed, int recipients)
    {
        using var connection = Open(folder);
        var watch = new Stopwatch();
        var chunks = Math.Min(Settles, recipients / 100);
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            using var transaction = connection.BeginTransaction();
            using var command = Command(
                connection,
                """
                UPDATE "Recipients" SET "ProviderEmailId" = @id, "State" = 'Accepted'
                WHERE "TenantId" = @tenant AND "CampaignId" = @campaign AND "Number" = @number
                """,
                seed
            );
            var number = command.Parameters.Add("number", SqliteType.Integer);
            var id = command.Parameters.Add("id", SqliteType.Text);
            watch.Start();
            for (var i = 1; i <= 100; i++)
            {
                number.Value = (chunk * 100) + i;
                id.Value = Guid.CreateVersion7().ToString();
                command.ExecuteNonQuery();
            }

            transaction.Commit();
            watch.Stop();
        }

        return watch.Elapsed.TotalMicroseconds / (chunks * 100);
    }

    /// <summary>Half of it sent, one contact in a hundred deleted since.</summary>
    private static async Task PreviewAsync(Seed seed, string folder, int recipients, string name, Report report)
    {
        using (var connection = Open(folder))
        {
            using var transaction = connection.BeginTransaction();
            foreach (
                var statement in new[]
                {
                    """UPDATE "Campaigns" SET "Status" = 'Partial'""",
                    $"""UPDATE "Recipients" SET "State" = CASE WHEN "Number" <= {recipients / 2} THEN 'Accepted' ELSE 'Pending' END""",
                    """UPDATE "Recipients" SET "ContactId" = NULL WHERE "Number" % 100 = 0""",
                    """DELETE FROM "Contacts" WHERE ("CreatedAt" - 1750000000000000) % 100 = 0""",
                }
            )
            {
                using var command = Command(connection, statement, seed);
                command.ExecuteNonQuery();
            }

            transaction.Commit();
        }

        await seed.Db.AnalyzeAsync(CancellationToken.None);
        var progress = new CampaignProgress(seed.Db);
        var watch = Stopwatch.StartNew();
        await progress.ExecuteAsync(seed.Scope, seed.CampaignId, CancellationToken.None);
        report.Add(name, "counts by state", "ms", watch.Elapsed.TotalMilliseconds);
        watch.Restart();
        var preview = await new ResumePreview(seed.Db).ExecuteAsync(
            seed.Scope,
            seed.CampaignId,
            CancellationToken.None
        );
        report.Add(name, "resume preview", "ms", watch.Elapsed.TotalMilliseconds);
        var expected = (recipients / 2) - (recipients / 200);
        if (preview?.WillSend != expected)
        {
            throw new InvalidOperationException($"The preview says {preview?.WillSend}, not {expected}.");
        }
    }

    private static SqliteConnection Open(string folder)
    {
        var connection = new SqliteConnection(Seed.ConnectionString(folder) + ";Pooling=False");
        connection.Open();
        using var pragma = connection.CreateCommand();
        pragma.CommandText = "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;";
        pragma.ExecuteNonQuery();
        return connection;
    }

    private static SqliteCommand Command(SqliteConnection connection, string text, Seed seed)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Texts of this file.
        command.CommandText = text;
#pragma warning restore CA2100
        if (text.Contains('@', StringComparison.Ordinal))
        {
            command.Parameters.AddWithValue("tenant", seed.TenantId);
            command.Parameters.AddWithValue("campaign", seed.CampaignId);
        }

        return command;
    }
}
