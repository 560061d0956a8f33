using System.Diagnostics;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using UnitTests.Support;
using Xunit.Abstractions;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>
/// Looking through a lineage must cost a look-up per person and not a walk through a ledger: one OR too many made it
/// quadratic once. The plans of the statements as they really run, and what they take with many rows.
/// </summary>
public sealed class LineagePlanTests(ITestOutputHelper output)
{
    [SqliteFact]
    public async Task EveryLookIntoTheLineagesLedgers_IsByItsOwnIndex()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await FillAsync(engine, 3_000);
        var followUp = await PartialFollowUpAsync(engine);
        using var listened = new Statements();

        await engine.ResumePreview.ExecuteAsync(engine.Tenant.Scope, followUp, CancellationToken.None);
        await engine.ResumeAsync(followUp, includeJoined: true);
        await engine.TurnAsync();

        var lineage = listened.All.Where(s => s.Text.Contains("LineageId", StringComparison.Ordinal)).ToList();
        var looks = new List<string>();
        foreach (var (text, parameters) in lineage)
        {
            looks.AddRange(await LooksAsync(engine, text, parameters));
        }

        looks.ForEach(output.WriteLine);
        // Preview, resume, re-check and intent, each by address and by contact.
        Assert.True(looks.Count(look => look.Contains("NormalizedEmail=?", StringComparison.Ordinal)) >= 4);
        Assert.True(looks.Count(look => look.Contains("ContactId=?", StringComparison.Ordinal)) >= 4);
        Assert.DoesNotContain(
            looks,
            look =>
                !look.Contains("NormalizedEmail=?", StringComparison.Ordinal)
                && !look.Contains("ContactId=?", StringComparison.Ordinal)
        );
    }

    [SqliteFact]
    public async Task EveryLookIntoALeftOutCampaignsLedger_IsByItsOwnIndex()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await FillAsync(engine, 3_000);
        var before = await engine.LaunchAsync();
        var id = await engine.DraftAsync();
        await engine.LeaveOutAsync(id, before);

        var (text, parameters) = await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            async (db, token) =>
            {
                // Here, where the writer is: it is nobody's flow that started it.
                using var listened = new Statements();
                var campaign = await db.Campaigns.SingleAsync(c => c.Id == id, token);
                var frozen = await FreezeAudience.FreezeAsync(db, campaign, engine.Time.GetUtcNow(), 100, token);
                Assert.Equal((3_000, 0), frozen);
                return listened.All.Single(s => s.Text.Contains(Reasons.InLeftOutCampaign, StringComparison.Ordinal));
            },
            CancellationToken.None
        );

        var looks = await LooksAsync(engine, text, parameters);
        looks.ForEach(output.WriteLine);
        // Each once: what was found is kept, and not looked for again where it is used.
        Assert.Single(looks, look => look.Contains("NormalizedEmail=?", StringComparison.Ordinal));
        Assert.Single(looks, look => look.Contains("ContactId=?", StringComparison.Ordinal));
        Assert.Equal(2, looks.Count);
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task LineageOfTwoHundredThousand_IsContinuedPreviewedAndResumed_WithoutWalkingThroughIt()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await FillAsync(engine, 200_000);
        var clock = Stopwatch.StartNew();
        var followUp = await PartialFollowUpAsync(engine);
        output.WriteLine($"launch, follow-up, launch: {clock.ElapsedMilliseconds:N0} ms");
        clock.Restart();
        var preview = await engine.ResumePreview.ExecuteAsync(engine.Tenant.Scope, followUp, CancellationToken.None);
        output.WriteLine($"preview: {clock.ElapsedMilliseconds:N0} ms");
        var resumed = await engine.ResumeAsync(followUp, includeJoined: true);
        output.WriteLine($"preview and resume with those who joined: {clock.ElapsedMilliseconds:N0} ms");

        Assert.Equal((199_800, 0), (preview!.WillSend, preview.JoinedSince));
        Assert.Equal(199_800, Assert.IsType<ResumeResult.Resumed>(resumed).WillSend);
        // Quadratic would be hours; two minutes leave room for a machine that does other things.
        Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), $"{clock.Elapsed}");
    }

    private static async Task<Guid> PartialFollowUpAsync(EngineHarness engine)
    {
        engine.Provider.Then(Fault.None, Fault.DailyQuota);
        var source = await engine.LaunchAsync();
        await engine.RunAsync();
        var followUp = await engine.FollowUpAsync(source);
        engine.Provider.Then(Fault.None, Fault.DailyQuota);
        await engine.LaunchDraftAsync(followUp);
        await engine.RunAsync();
        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(followUp)).Status);
        return followUp;
    }

    /// <summary>The lines of a statement's plan that look into a ledger inside a subquery.</summary>
    private static async Task<List<string>> LooksAsync(
        EngineHarness engine,
        string text,
        IReadOnlyList<(string Name, object? Value)> parameters
    )
    {
        await using var connection = new SqliteConnection(engine.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"EXPLAIN QUERY PLAN {text}";
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        var looks = new List<string>();
        var inside = new HashSet<long>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var (id, parent, detail) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetString(3));
            if (detail.Contains("CORRELATED", StringComparison.Ordinal) || inside.Contains(parent))
            {
                inside.Add(id);
                if (
                    detail.Contains("IX_Recipients", StringComparison.Ordinal)
                    || detail.StartsWith("SCAN r", StringComparison.Ordinal)
                )
                {
                    looks.Add(detail);
                }
            }
        }

        return looks;
    }

    private static async Task FillAsync(EngineHarness engine, int people)
    {
        await using var connection = new SqliteConnection(engine.Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @count)
            INSERT INTO Contacts (TenantId, Id, Email, NormalizedEmail, FirstName, Search, CreatedAt, UpdatedAt)
            SELECT @tenant, printf('%08X-0000-7000-8000-000000000000', i), address, address, 'Ada', address, i, i
            FROM (SELECT i, 'person-' || i || '@mail.example' AS address FROM n);
            """;
        command.Parameters.AddWithValue("@count", people);
        command.Parameters.AddWithValue("@tenant", engine.Tenant.Id.ToString().ToUpperInvariant());
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>What this test, and none beside it, sends to the database.</summary>
    private sealed class Statements
        : IObserver<DiagnosticListener>,
            IObserver<KeyValuePair<string, object?>>,
            IDisposable
    {
        private readonly AsyncLocal<bool> _mine = new() { Value = true };
        private readonly List<IDisposable> _subscriptions = [];
        private readonly List<(string, IReadOnlyList<(string, object?)>)> _all = [];

        public Statements() => _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));

        public IReadOnlyList<(string Text, IReadOnlyList<(string Name, object? Value)> Parameters)> All
        {
            get
            {
                lock (_all)
                {
                    return [.. _all];
                }
            }
        }

        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == DbLoggerCategory.Name)
            {
                lock (_subscriptions)
                {
                    _subscriptions.Add(value.Subscribe(this, name => name == RelationalEventId.CommandExecuting.Name));
                }
            }
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value.Value is CommandEventData { Command: var command } && _mine.Value)
            {
                lock (_all)
                {
                    _all.Add(
                        (
                            command.CommandText,
                            [.. command.Parameters.Cast<SqliteParameter>().Select(p => (p.ParameterName, p.Value))]
                        )
                    );
                }
            }
        }

        public void OnCompleted() { }

        public void OnError(Exception error) { }

        public void Dispose()
        {
            lock (_subscriptions)
            {
                _subscriptions.ForEach(subscription => subscription.Dispose());
            }
        }
    }
}
