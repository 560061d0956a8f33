using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using UnitTests.Support;
using static UnitTests.Support.ForgedLog;

namespace UnitTests.Audit;

/// <summary>
/// A sealed log against somebody who may write the table, who has switched the triggers off and has every entry in hand
/// but not the key.
/// </summary>
public sealed class AuditChainTests : IAsyncLifetime
{
    private const int Length = 7;

    private readonly string _folder = Directory.CreateTempSubdirectory("ledgerpost-anchors-").FullName;
    private TestDatabase _database = null!;
    private TestTenant _tenant = null!;
    private AuditAnchorFiles _anchors = null!;
    private List<AuditEntry> _written = null!;

    public async Task InitializeAsync()
    {
        _anchors = new AuditAnchorFiles(_folder);
        _database = await TestDatabase.CreateAsync();
        _tenant = await _database.AddTenantAsync("north");
        for (var i = 1; i <= Length; i++)
        {
            await WriteAsync(i);
        }

        _written = await ReadAsync();
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Log_AsItWasWritten_IsWhole_AndSaysHowFarItsEndIsSecured()
    {
        var before = await VerifyAsync();
        var anchored = await AnchorAsync();
        var after = await VerifyAsync();
        await WriteAsync(Length + 1);
        var later = await VerifyAsync();

        Assert.Equal((true, (long)Length, null), (before.IsWhole, before.Entries, before.Anchor));
        Assert.Equal(1, anchored);
        Assert.Equal((true, Length), (after.IsWhole, after.Anchor!.Sequence));
        Assert.Equal((true, Length + 1L, Length), (later.IsWhole, later.Entries, later.Anchor!.Sequence));
    }

    [Fact]
    public async Task AnyOneChange_OfAnyField_OfAnyEntry_IsFoundAtThatEntry()
    {
        await DropTriggersAsync();
        var fields = typeof(AuditEntry).GetProperties().Where(field => field.Name is not ("TenantId" or "Sequence"));
        foreach (var field in fields)
        {
            for (var i = 0; i < Length; i++)
            {
                var changed = Copy(_written);
                field.SetValue(changed[i], Other(field.GetValue(changed[i]), field.PropertyType));
                var verdict = await VerifyAsync(changed);
                Assert.True(
                    verdict.FaultAt == i + 1 && verdict.Entries == i,
                    $"{field.Name} of entry {i + 1}: {verdict.Fault} at {verdict.FaultAt}"
                );
            }
        }
    }

    [Fact]
    public async Task AnyDeletion_Swap_OrInsertion_IsFoundAtTheFirstBadEntry()
    {
        await DropTriggersAsync();
        await AnchorAsync();
        for (var i = 1; i <= Length; i++)
        {
            var gap = Copy(_written);
            gap.RemoveAt(i - 1);
            await FoundAsync(gap, i == Length ? AuditFault.CutOff : AuditFault.Missing, i);

            foreach (var number in new[] { -5L, 0, Length + 1, Length + 2 })
            {
                var more = Copy(_written);
                more.Insert(number > 0 ? Length : 0, Copy(_written)[i - 1]);
                Set(more[number > 0 ? Length : 0], nameof(AuditEntry.Sequence), number);
                await FoundAsync(
                    more,
                    number == Length + 2 ? AuditFault.Missing : AuditFault.Changed,
                    Math.Min(number, Length + 1)
                );
            }

            var closed = Renumbered(gap);
            await FoundAsync(closed, i == Length ? AuditFault.CutOff : AuditFault.Changed, i);

            var doubled = Copy(_written);
            doubled.Insert(i, Copy(doubled)[i - 1]);
            await FoundAsync(Renumbered(doubled), AuditFault.Changed, i + 1);

            for (var j = i + 1; j <= Length; j++)
            {
                var swapped = Copy(_written);
                (swapped[i - 1], swapped[j - 1]) = (swapped[j - 1], swapped[i - 1]);
                await FoundAsync(Renumbered(swapped), AuditFault.Changed, i);
            }
        }
    }

    [Fact]
    public async Task AnyTruncation_IsFoundUpToTheLastAnchor_AndWhatIsNotSecuredIsSaid()
    {
        await DropTriggersAsync();
        for (var anchored = 1; anchored <= Length; anchored++)
        {
            await ReplaceAsync([.. Copy(_written).Take(anchored)]);
            await Anchors().AfterRestoreAsync(CancellationToken.None);
            for (var left = 0; left <= Length; left++)
            {
                var verdict = await VerifyAsync([.. Copy(_written).Take(left)]);
                // So far the end is secured; nothing more is claimed.
                Assert.Equal(anchored, verdict.Anchor!.Sequence);
                Assert.Equal(
                    left < anchored ? (AuditFault.CutOff, left + 1L) : ((AuditFault?)null, (long?)null),
                    (verdict.Fault, verdict.FaultAt)
                );
                Assert.Equal(left, verdict.Entries);
            }
        }
    }

    [Fact]
    public async Task AnyEntry_WithAnotherNumberOrInAnotherLog_IsFound_InBothLogs()
    {
        await DropTriggersAsync();
        await AnchorAsync();
        var other = await _database.AddTenantAsync("south");
        for (var i = 0; i < Length; i++)
        {
            foreach (var number in Enumerable.Range(0, Length + 3).Where(number => number != i + 1))
            {
                var moved = Copy(_written);
                Set(moved[i], nameof(AuditEntry.Sequence), (long)number);
                if (moved.DistinctBy(entry => entry.Sequence).Count() == Length)
                {
                    var verdict = await VerifyAsync([.. moved.OrderBy(entry => entry.Sequence)]);
                    Assert.False(verdict.IsWhole, $"Entry {i + 1} as {number}.");
                    Assert.Equal(number == 0 ? 0 : i + 1, verdict.FaultAt);
                }
            }

            var gone = Copy(_written);
            var put = gone[i];
            gone.RemoveAt(i);
            await FoundAsync(gone, i == Length - 1 ? AuditFault.CutOff : AuditFault.Missing, i + 1);
            Set(put, nameof(AuditEntry.TenantId), other.Id);
            Set(put, nameof(AuditEntry.Sequence), 1L);
            await _database.Db.WriteAsync(
                other.Scope,
                async (db, token) =>
                {
                    await db.AuditEntries.ExecuteDeleteAsync(token);
                    db.AuditEntries.Add(put);
                },
                CancellationToken.None
            );
            var theirs = await Verify().ExecuteAsync(other.Scope, CancellationToken.None);
            Assert.Equal((AuditFault.Changed, 1L), (theirs.Fault!.Value, theirs.FaultAt!.Value));
        }
    }

    [Fact]
    public async Task LogThatWasSealedAnew_WithoutTheKey_IsFoundAtItsFirstEntry()
    {
        await DropTriggersAsync();
        await ReplaceAsync([]);
        await using (
            var theirs = new PortalDb(
                _database.ConnectionString,
                _database.Time,
                _database.Ids,
                new AuditKeys(new byte[AuditKeys.Length]),
                provider: TestDatabase.Provider
            )
        )
        {
            await WriteAsync(1, theirs);
            await WriteAsync(2, theirs);
        }

        var log = await ReadAsync();
        await FoundAsync(log, AuditFault.UnknownKey, 1);
        log.ForEach(entry => Set(entry, nameof(AuditEntry.KeyId), TestDatabase.AuditKeys.CurrentId));
        await FoundAsync(log, AuditFault.Changed, 1);
    }

    [Fact]
    public async Task LogThatThePortalItselfWroteOn_AfterItsEndWasCutOff_IsFoundByItsAnchor()
    {
        await DropTriggersAsync();
        await AnchorAsync();
        await ReplaceAsync([.. Copy(_written).Take(3)]);

        for (var i = 4; i <= Length + 1; i++)
        {
            var shorter = await VerifyAsync();
            Assert.Equal(
                i <= Length ? (AuditFault.CutOff, (long?)i) : (AuditFault.Replaced, Length),
                (shorter.Fault!.Value, shorter.FaultAt)
            );
            await WriteAsync(i);
        }

        Assert.Equal(0, await AnchorAsync());
        Assert.Equal(1, _database.Db.Safety.CountOf(SafetyMechanism.AuditLogBroken));
    }

    [Fact]
    public async Task EntryOfAnEarlierLog_InItsOldPlace_IsFound()
    {
        await DropTriggersAsync();
        await ReplaceAsync([.. Copy(_written).Take(3)]);
        for (var i = 4; i <= Length; i++)
        {
            await WriteAsync(i + 100);
        }

        var mixed = await ReadAsync();
        mixed[4] = _written[4];

        await FoundAsync(mixed, AuditFault.Changed, 5);
    }

    [Fact]
    public async Task RestoredLog_IsAnchoredAsItIs_AndGoesOn()
    {
        await DropTriggersAsync();
        await AnchorAsync();
        await ReplaceAsync([.. Copy(_written).Take(3)]);

        await Anchors().AfterRestoreAsync(CancellationToken.None);
        await WriteAsync(4);

        var verdict = await VerifyAsync();
        Assert.Equal((true, 4L, 3L), (verdict.IsWhole, verdict.Entries, verdict.Anchor!.Sequence));
    }

    /// <summary>The backup is older than the log: its anchor has the number 0. A tenant's, and the installation's own.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LogThatARestoredBackupHasNothingOf_IsAnchoredAsEmpty_Once_AndBegins(bool installations)
    {
        var scope = installations ? TenantScope.Installation : _tenant.Scope;
        await _database.Db.WriteAsync(scope, AppendAsync, CancellationToken.None);
        await DropTriggersAsync();
        await AnchorAsync();
        var written = await ForgedLog.ReadAsync(_database.Db, scope);
        await ForgedLog.ReplaceAsync(_database.Db, scope, []);
        Assert.Equal(AuditFault.CutOff, (await VerifyAsync(scope)).Fault);

        await Anchors().AfterRestoreAsync(CancellationToken.None);
        await Anchors().AfterRestoreAsync(CancellationToken.None);
        var empty = await VerifyAsync(scope);
        await AnchorAsync();
        var lines = (await File.ReadAllLinesAsync(Assert.Single(Directory.GetFiles(_folder)))).Count(line =>
            line.Contains($"{scope.TenantId}", StringComparison.Ordinal)
        );
        await ForgedLog.ReplaceAsync(_database.Db, scope, [.. written.Take(1)]);
        var begun = await VerifyAsync(scope);

        // Of the whole log, and of the empty one.
        Assert.Equal(2, lines);
        Assert.Equal((true, 0L, 0L), (empty.IsWhole, empty.Entries, empty.Anchor!.Sequence));
        Assert.Equal((true, 1L, 0L), (begun.IsWhole, begun.Entries, begun.Anchor!.Sequence));
        await AnchorAsync();
        Assert.Equal(1, (await VerifyAsync(scope)).Anchor!.Sequence);

        Task AppendAsync(PortalDbContext db, CancellationToken token) =>
            AuditLog.AppendAsync(
                db,
                scope.TenantId,
                Actor.System,
                _database.Time.GetUtcNow(),
                "installation.held",
                "installation",
                "1",
                "this installation",
                null,
                token
            );
    }

    [Fact]
    public async Task Anchor_ThatIsForgedOrTorn_CountsForNothing()
    {
        await AnchorAsync();
        var file = Assert.Single(Directory.GetFiles(_folder));
        var line = (await File.ReadAllLinesAsync(file)).Single(text =>
            text.Contains($"{_tenant.Id}", StringComparison.Ordinal)
        );

        await File.AppendAllTextAsync(
            file,
            line.Replace($"\"sequence\":{Length}", "\"sequence\":2", StringComparison.Ordinal) + "\n" + line[..40]
        );

        Assert.Equal(Length, (await VerifyAsync()).Anchor!.Sequence);
    }

    [Fact]
    public async Task SealedEntry_IsNeitherChangedNorDeleted_ByTheDatabaseItself()
    {
        await RefusedAsync(db => db.AuditEntries.ExecuteUpdateAsync(set => set.SetProperty(row => row.ActorName, "X")));
        await RefusedAsync(db => db.AuditEntries.Where(row => row.Sequence == Length).ExecuteDeleteAsync());

        Assert.True((await VerifyAsync()).IsWhole);
        Assert.Equal(Length, (await ReadAsync()).Count);
    }

    [SqliteFact]
    public Task SealedEntry_IsNotReplaced_ByTheDatabaseItself() =>
        RefusedAsync(db =>
            db.Database.ExecuteSqlAsync(
                $"""INSERT OR REPLACE INTO "AuditEntries" SELECT * FROM "AuditEntries" WHERE "Sequence" = 1"""
            )
        );

    [PostgreSqlFact]
    public async Task Log_IsNotTruncated_NotEvenByWhoOwnsTheTable()
    {
        await using var connection = new NpgsqlConnection(_database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("""TRUNCATE "AuditEntries" """, connection);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());

        Assert.Contains("The audit log is never", refused.MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_AtTheSameTime_MakeOneChain()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(WriteAsync));

        var verdict = await VerifyAsync();
        Assert.Equal((true, Length + 40L), (verdict.IsWhole, verdict.Entries));
    }

    private async Task FoundAsync(List<AuditEntry> log, AuditFault fault, long at)
    {
        var verdict = await VerifyAsync(log);
        Assert.Equal((fault, (long?)at), (verdict.Fault!.Value, verdict.FaultAt));
    }

    private async Task RefusedAsync(Func<PortalDbContext, Task<int>> work)
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(() =>
            _database.Db.WriteAsync(_tenant.Scope, (db, _) => work(db), CancellationToken.None)
        );
        Assert.Contains("The audit log is never", refused.ToString(), StringComparison.Ordinal);
    }

    private Task<int> WriteAsync(int number) => WriteAsync(number, _database.Db);

    /// <summary>Entries with everything that an entry can have, and with what an earlier version wrote, in turn.</summary>
    private Task<int> WriteAsync(int number, PortalDb db) =>
        db.CommandAsync(
            number % 2 == 0
                ? Caller.System(_tenant.Id) with
                {
                    Actor = Actor.System with { OnBehalfOf = "ada", SessionId = new Guid(number, 1, 1, new byte[8]) },
                }
                : _tenant.As(TenantRole.Owner),
            TenantRole.Viewer,
            (command, _) =>
            {
                command.Audit("contact.added", "contact", $"{number}", $"person{number}@example.net", new { number });
                return Task.FromResult(number);
            },
            CancellationToken.None
        );

    private async Task<AuditVerdict> VerifyAsync(List<AuditEntry> log)
    {
        await ReplaceAsync(log);
        return await VerifyAsync();
    }

    private Task<AuditVerdict> VerifyAsync() => VerifyAsync(_tenant.Scope);

    private Task<AuditVerdict> VerifyAsync(TenantScope scope) => Verify().ExecuteAsync(scope, CancellationToken.None);

    private VerifyAuditLog Verify() => new(_database.Db, TestDatabase.AuditKeys, _anchors);

    private AnchorAuditLogs Anchors() =>
        new(
            _database.Db,
            TestDatabase.AuditKeys,
            _anchors,
            Verify(),
            Microsoft.Extensions.Logging.Abstractions.NullLogger<AnchorAuditLogs>.Instance
        );

    private Task<int> AnchorAsync() => Anchors().ExecuteAsync(CancellationToken.None);

    private Task<List<AuditEntry>> ReadAsync() => ForgedLog.ReadAsync(_database.Db, _tenant.Scope);

    private Task ReplaceAsync(List<AuditEntry> log) => ForgedLog.ReplaceAsync(_database.Db, _tenant.Scope, log);

    private Task DropTriggersAsync() => ForgedLog.DropTriggersAsync(_database.Db, _database.ConnectionString);

    private static List<AuditEntry> Renumbered(List<AuditEntry> log)
    {
        var copy = Copy(log);
        for (var i = 0; i < copy.Count; i++)
        {
            Set(copy[i], nameof(AuditEntry.Sequence), i + 1L);
        }

        return copy;
    }

    private static object Other(object? value, Type type) =>
        value switch
        {
            // As long as before, for columns that are full.
            string { Length: > 0 } text => text[..^1] + (text[^1] == 'x' ? 'y' : 'x'),
            string => "x",
            byte[] bytes => bytes.Select((b, i) => i == 0 ? (byte)(b ^ 1) : b).ToArray(),
            DateTimeOffset at => at.AddMicroseconds(1),
            Guid id => new Guid([.. id.ToByteArray().Select(b => (byte)(b ^ 1))]),
            ActorKind.System => ActorKind.User,
            ActorKind => ActorKind.System,
            null when type == typeof(string) => "x",
            null when type == typeof(Guid?) => new Guid(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]),
            _ => throw new NotSupportedException($"A field of the type {type} has no other value here."),
        };
}
