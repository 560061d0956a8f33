using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Microsoft.Data.Sqlite;

namespace UnitTests.Support;

/// <summary>A launched campaign written straight into the database, for what only reads it.</summary>
public static class LedgerSeed
{
    /// <summary>Contacts <c>person-1@mail.example</c> ... in one statement, on SQLite alone.</summary>
    public static async Task AddManyContactsAsync(this TestDatabase database, TestTenant tenant, int count)
    {
        await using var connection = new SqliteConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @count)
            INSERT INTO Contacts (TenantId, Id, Email, NormalizedEmail, FirstName, Search, CreatedAt, UpdatedAt)
            SELECT @tenant, printf('%08X-0000-7000-8000-000000000000', i), address, address, 'Ada', address, i, i
            FROM (SELECT i, 'person-' || i || '@mail.example' AS address FROM n);
            """;
        command.Parameters.AddWithValue("@count", count);
        command.Parameters.AddWithValue("@tenant", tenant.Id.ToString().ToUpperInvariant());
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Recipients <c>person1@example.net</c> ... one per state, in the given order, in one chunk of run 1.</summary>
    public static async Task<Guid> AddCampaignAsync(
        this TestDatabase database,
        TestTenant tenant,
        CampaignStatus status,
        params RecipientState[] states
    )
    {
        var id = database.Ids.New();
        var now = database.Time.GetUtcNow();
        await database.Db.WriteAsync(
            tenant.Scope,
            async (db, token) =>
            {
                db.Campaigns.Add(
                    new Campaign
                    {
                        TenantId = tenant.Id,
                        Id = id,
                        Name = "Spring",
                        Subject = "Hello {{first_name}}",
                        Html = "<p>Hi {{first_name}}</p>",
                        Status = status,
                        Version = 2,
                        FromHeader = $"News <news@{tenant.Slug}.test>",
                        SenderId = tenant.SenderId,
                        CurrentRun = 1,
                        LastChunk = 1,
                        CreatedBy = "Editor",
                        CreatedAt = now,
                        UpdatedAt = now,
                        LaunchedBy = "Admin",
                        LaunchedAt = now,
                    }
                );
                db.Runs.Add(
                    new Run
                    {
                        TenantId = tenant.Id,
                        CampaignId = id,
                        Number = 1,
                        Kind = RunKind.Launch,
                        AccountId = database.AccountId,
                        StartedBy = "Admin",
                        StartedAt = now,
                        Planned = states.Length,
                    }
                );
                await db.SaveChangesAsync(token);
                db.Recipients.AddRange(
                    states.Select(
                        (state, index) =>
                            new Recipient
                            {
                                TenantId = tenant.Id,
                                CampaignId = id,
                                Number = index + 1,
                                Email = $"person{index + 1}@example.net",
                                NormalizedEmail = $"person{index + 1}@example.net",
                                FirstName = $"First{index + 1}",
                                State = state,
                                ChunkNumber = 1,
                                UpdatedAt = now,
                            }
                    )
                );
            },
            CancellationToken.None
        );
        return id;
    }

    public static Task AddChunkAsync(
        this TestDatabase database,
        TestTenant tenant,
        Guid campaignId,
        int number,
        (int First, int Last) range,
        params (string Recipients, AttemptOutcome? Outcome, string? Ids)[] attempts
    ) =>
        database.Db.WriteAsync(
            tenant.Scope,
            async (db, token) =>
            {
                db.Chunks.Add(
                    new Chunk
                    {
                        TenantId = tenant.Id,
                        CampaignId = campaignId,
                        Number = number,
                        RunNumber = 1,
                        FirstRecipient = range.First,
                        LastRecipient = range.Last,
                        State = ChunkState.Planned,
                        Attempts = attempts.Length,
                    }
                );
                await db.SaveChangesAsync(token);
                var at = database.Time.GetUtcNow();
                foreach (var (attempt, index) in attempts.Select((attempt, index) => (attempt, index)))
                {
                    at += TimeSpan.FromMinutes(1);
                    db.Attempts.Add(
                        new Attempt
                        {
                            TenantId = tenant.Id,
                            CampaignId = campaignId,
                            ChunkNumber = number,
                            Number = index + 1,
                            RunNumber = 1,
                            Generation = 1,
                            Epoch = 1,
                            Key = $"1/{campaignId}/1/{number}/1",
                            PayloadHash = "hash",
                            RecipientNumbers = attempt.Recipients,
                            Mails = Ledgerpost.Recipients.NumberRanges.Expand(attempt.Recipients).Count,
                            AccountId = database.AccountId,
                            CleanHistory = index == 0,
                            StartedAt = at,
                            CompletedAt = attempt.Outcome is null ? null : at.AddSeconds(1),
                            Outcome = attempt.Outcome,
                            HttpStatus = attempt.Outcome == AttemptOutcome.Accepted ? 200 : null,
                            ProviderIds = attempt.Ids,
                        }
                    );
                }
            },
            CancellationToken.None
        );
}
