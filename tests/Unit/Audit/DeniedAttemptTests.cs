using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Identity;
using UnitTests.Support;

namespace UnitTests.Audit;

/// <summary>What was refused stands in the log too, and nobody fills it by asking again.</summary>
public sealed class DeniedAttemptTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private TestTenant _tenant = null!;

    public async Task InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _tenant = await _database.AddTenantAsync("north");
    }

    public Task DisposeAsync() => _database.DisposeAsync().AsTask();

    [Fact]
    public async Task CommandWithTooLittleOfARole_IsInTheLog_WithWhoWhatAndWhy_ThoughItWasRolledBack()
    {
        await DenyAsync(TenantRole.Viewer);

        var entry = Assert.Single(await LogAsync());
        Assert.Equal(
            ("command.denied", "command", "ChangeTenant", "change tenant"),
            (entry.Action, entry.TargetKind, entry.TargetId, entry.TargetName)
        );
        Assert.Equal(
            (ActorKind.User, _tenant.People[TenantRole.Viewer], "192.0.2.1"),
            (entry.ActorKind, entry.ActorId!.Value, entry.From)
        );
        Assert.Equal("""{"reason":"role_viewer_of_admin"}""", entry.Details);
    }

    [Fact]
    public async Task ReadThatIsNotForEveryMember_IsInTheLog_Too()
    {
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            new ErasePerson(_database.Db, new Ledgerpost.Sending.SendingOptions()).LookAsync(
                _tenant.As(TenantRole.Editor),
                "ada@example.net",
                CancellationToken.None
            )
        );

        Assert.Equal("ErasePerson", Assert.Single(await LogAsync()).TargetId);
    }

    [Fact]
    public async Task WhoKeepsAsking_GetsTenEntriesAnHour_ThenEachPowerOfTen_AndTheSumAtItsEnd()
    {
        for (var i = 0; i < 137; i++)
        {
            await DenyAsync(TenantRole.Viewer);
        }

        Assert.Equal(11, (await LogAsync()).Count);
        Assert.Contains("\"times\":100", (await LogAsync())[^1].Details, StringComparison.Ordinal);

        // Nothing is over yet.
        await _database.Db.Tally.CloseAsync(all: false, CancellationToken.None);
        Assert.Equal(11, (await LogAsync()).Count);

        _database.Time.Advance(TimeSpan.FromHours(1));
        await _database.Db.Tally.CloseAsync(all: false, CancellationToken.None);
        await _database.Db.Tally.CloseAsync(all: true, CancellationToken.None);
        Assert.Equal(12, (await LogAsync()).Count);
        Assert.Contains("\"times\":137", (await LogAsync())[^1].Details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NextHour_BeginsAnew_AndClosesTheOneBefore()
    {
        for (var i = 0; i < 12; i++)
        {
            await DenyAsync(TenantRole.Viewer);
        }

        _database.Time.Advance(TimeSpan.FromHours(1));
        await DenyAsync(TenantRole.Viewer);

        var log = await LogAsync();
        Assert.Equal(12, log.Count);
        Assert.Contains("\"times\":12", log[^2].Details, StringComparison.Ordinal);
        Assert.DoesNotContain("times", log[^1].Details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnotherPerson_AndAnotherCommand_AreCountedApart()
    {
        for (var i = 0; i < 12; i++)
        {
            await DenyAsync(TenantRole.Viewer);
        }

        await DenyAsync(TenantRole.Editor);

        var log = await LogAsync();
        Assert.Equal(11, log.Count);
        Assert.Equal(_tenant.People[TenantRole.Editor], log[^1].ActorId);
    }

    [Fact]
    public async Task TenantThatIsBeingDeleted_GetsNothingIntoItsLog()
    {
        await DenyAsync(TenantRole.Viewer);
        for (var i = 0; i < 10; i++)
        {
            await DenyAsync(TenantRole.Viewer);
        }

        await new DeleteTenant(_database.Db, new DeletionSignal()).ExecuteAsync(
            _tenant.As(TenantRole.Owner),
            (await TenantAsync()).Name,
            CancellationToken.None
        );
        var before = (await LogAsync()).Count;
        await DenyAsync(TenantRole.Viewer);
        await _database.Db.Tally.CloseAsync(all: true, CancellationToken.None);

        Assert.Equal(before, (await LogAsync()).Count);
    }

    [Fact]
    public async Task SignIns_AndFailedOnes_AreInTheLogOfEachOrganisation_AndOfTheInstallation()
    {
        var south = await _database.AddTenantAsync("south");
        var rig = new AccountRig(_database);
        var user = await rig.AddPersonAsync();
        await JoinAsync(_tenant, user);
        await JoinAsync(south, user);

        await rig.TryAsync("not it");
        await rig.SignInAsync();

        foreach (var scope in new[] { _tenant.Scope, south.Scope, TenantScope.Installation })
        {
            var log = (await LogAsync(scope)).Where(entry => entry.TenantId == scope.TenantId).ToList();
            Assert.Equal(["account.sign_in_failed", "account.signed_in"], log.Select(entry => entry.Action));
            Assert.Equal((user, "192.0.2.7"), (log[1].ActorId, log[1].From));
            Assert.Null(log[0].SessionId);
            Assert.NotNull(log[1].SessionId);
        }
    }

    [Fact]
    public async Task WhoGuesses_FillsNoLog_WhetherTheNameIsSomebodysOrNot()
    {
        var rig = new AccountRig(_database);
        var user = await rig.AddPersonAsync();
        await JoinAsync(_tenant, user);
        for (var i = 0; i < 40; i++)
        {
            await rig.TryAsync("not it");
            await rig.TryAsync("not it", $"nobody{i}@example.net");
        }

        var own = (await LogAsync()).Select(entry => entry.Action).ToList();
        var all = (await LogAsync(TenantScope.Installation)).Where(entry => entry.TenantId == Guid.Empty).ToList();
        Assert.Equal(10, own.Count);
        Assert.Equal("account.locked_out", own[4]);
        Assert.Equal(10, all.Count(entry => entry.TargetId == user.ToString()));
        Assert.Equal(10, all.Count(entry => entry.TargetId == ""));
    }

    private async Task DenyAsync(TenantRole role) =>
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            new ChangeTenant(_database.Db).ExecuteAsync(
                _tenant.As(role),
                new TenantChange("Mine", "UTC"),
                CancellationToken.None
            )
        );

    private Task<List<AuditEntry>> LogAsync() => LogAsync(_tenant.Scope);

    private async Task<List<AuditEntry>> LogAsync(TenantScope scope)
    {
        await using var db = _database.Db.Read(scope);
        return await db
            .AuditEntries.Where(entry => entry.Action != "tenant.deletion_begun")
            .OrderBy(entry => entry.TenantId)
            .ThenBy(entry => entry.Sequence)
            .ToListAsync();
    }

    private async Task<Tenant> TenantAsync()
    {
        await using var db = _database.Db.Read(TenantScope.None);
        return await db.Tenants.SingleAsync(row => row.Id == _tenant.Id);
    }

    private Task JoinAsync(TestTenant tenant, Guid userId) =>
        _database.Db.WriteAsync(
            tenant.Scope,
            (db, _) =>
            {
                db.Memberships.Add(
                    new Membership
                    {
                        TenantId = tenant.Id,
                        UserId = userId,
                        Role = TenantRole.Editor,
                        CreatedAt = _database.Time.GetUtcNow(),
                    }
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );
}
