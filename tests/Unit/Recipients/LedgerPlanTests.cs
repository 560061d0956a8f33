using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Microsoft.EntityFrameworkCore;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Recipients;

public sealed class LedgerPlanTests
{
    /// <summary>PostgreSQL went through the whole ledger for the answer to each chunk: of 100,000 mails, most of the time.</summary>
    [PostgreSqlFact]
    public async Task Answer_OfAChunk_ReadsItsOwnRows_HoweverLargeTheLedger()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 3_000);
        var id = await engine.LaunchAsync();

        var (accepted, read) = await engine.Db.WriteBesideOthersAsync(
            engine.Tenant.Scope,
            async (db, token) =>
            {
                var before = await ReadAsync(db);
                var rows = await Ledger.AcceptAsync(
                    db,
                    engine.Tenant.Id,
                    id,
                    [.. Enumerable.Range(1_001, 100)],
                    [.. Enumerable.Range(1, 100).Select(i => $"mail-{i}")],
                    1,
                    engine.Time.GetUtcNow(),
                    token
                );
                return (rows, await ReadAsync(db) - before);
            },
            CancellationToken.None
        );

        Assert.Equal(100, accepted);
        Assert.InRange(read, 100, 300);
    }

    // Of what this connection has not yet told the server.
    private static Task<long> ReadAsync(PortalDbContext db) =>
        db
            .Database.SqlQueryRaw<long>(
                """
                SELECT COALESCE(SUM(seq_tup_read + COALESCE(idx_tup_fetch, 0)), 0)::bigint AS "Value"
                FROM pg_stat_xact_user_tables WHERE relname = 'Recipients'
                """
            )
            .SingleAsync();
}
