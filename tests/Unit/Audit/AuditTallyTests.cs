using AdminPortal.Hosting;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Segments;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Identity;
using UnitTests.Support;

namespace UnitTests.Audit;

/// <summary>What is counted for the logs outlives a database that fails, and whoever is answered does not wait for it.</summary>
public sealed class AuditTallyTests : IAsyncLifetime
{
    private readonly Storage _storage = new();
    private TestDatabase _database = null!;
    private TestTenant _tenant = null!;

    private AuditTally Tally => _database.Db.Tally;

    public async Task InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(faults: _storage);
        _tenant = await _database.AddTenantAsync("north");
    }

    public Task DisposeAsync() => _database.DisposeAsync().AsTask();

    [Fact]
    public async Task Denial_ThatCannotBeWritten_IsADenialStill_AndIsWrittenWithTheNext()
    {
        _storage.Fails = true;
        await DenyAsync();
        _storage.Fails = false;
        Assert.Empty(await LogAsync());

        await DenyAsync();

        Assert.Contains("\"times\":2", Assert.Single(await LogAsync()).Details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadThatIsDenied_IsSoStill_WhenItCannotBeWritten_AndIsWrittenWithinTheHour()
    {
        _storage.Fails = true;
        await using (var db = _database.Db.Read(_tenant.Scope))
        {
            await Assert.ThrowsAsync<AccessDeniedException>(() =>
                _database.Db.DemandToReadAsync(
                    db,
                    _tenant.As(TenantRole.Viewer),
                    TenantRole.Owner,
                    "Something",
                    CancellationToken.None
                )
            );
        }

        _storage.Fails = false;
        await Tally.CloseAsync(all: false, CancellationToken.None);

        Assert.Equal("Something", Assert.Single(await LogAsync()).TargetId);
    }

    [Fact]
    public async Task Key_IsLetIn_WhenItsUseCannotBeWritten()
    {
        var made = Assert.IsType<ApiKeyOutcome.Created>(
            await new CreateApiKey(_database.Db).ExecuteAsync(
                _tenant.As(TenantRole.Owner),
                new ApiKeyInput("Program", ["read"]),
                CancellationToken.None
            )
        );
        _storage.Fails = true;

        Assert.NotNull(await new FindProgram(_database.Db).ExecuteAsync(made.Token, null, CancellationToken.None));

        _storage.Fails = false;
        await Tally.CloseAsync(all: false, CancellationToken.None);
        Assert.Equal("api_key.used", (await LogAsync())[^1].Action);
    }

    [Fact]
    public async Task Counts_ThatCannotBeWritten_AreKept_AndWrittenOnceLater()
    {
        var south = await _database.AddTenantAsync("south");
        for (var i = 0; i < 12; i++)
        {
            await Tally.NoteAsync(Refused(_tenant, "a"));
            await Tally.NoteAsync(Refused(south, "b"));
        }

        _database.Time.Advance(TimeSpan.FromHours(1));
        _storage.Fails = true;
        await Tally.CloseAsync(all: false, CancellationToken.None);
        _storage.Fails = false;
        await Tally.CloseAsync(all: false, CancellationToken.None);
        await Tally.CloseAsync(all: true, CancellationToken.None);

        foreach (var tenant in new[] { _tenant, south })
        {
            var log = await LogAsync(tenant);
            Assert.Equal(11, log.Count);
            Assert.Contains("\"times\":12", log[^1].Details, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task WhatARequestDoes_WhileTheLoopsStop_IsCountedToo()
    {
        using var service = new AuditTallyService(_database.Db, _database.Time, NullLogger<AuditTallyService>.Instance);
        await service.StartAsync(CancellationToken.None);
        await service.StopAsync(CancellationToken.None);
        for (var i = 0; i < 12; i++)
        {
            await Tally.NoteAsync(Refused(_tenant, "a"));
        }

        await ((IHostedLifecycleService)service).StoppedAsync(CancellationToken.None);

        Assert.Contains("\"times\":12", (await LogAsync())[^1].Details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Count_ThatIsClosedWhileItsEntryIsBeingWritten_StandsThereOnce()
    {
        var closing = Task.CompletedTask;
        _storage.Before = () =>
        {
            _storage.Before = null;
            _database.Time.Advance(TimeSpan.FromHours(1));
            closing = Tally.CloseAsync(all: false, CancellationToken.None);
        };

        await Tally.NoteAsync(Refused(_tenant, "a"));
        await closing;
        await Tally.CloseAsync(all: true, CancellationToken.None);

        Assert.Single(await LogAsync());
    }

    [Fact]
    public async Task ManyCountsOfOneLog_ShareATransaction()
    {
        for (var i = 0; i < 30; i++)
        {
            await Tally.NoteAsync(Used(i));
            await Tally.NoteAsync(Used(i));
        }

        _storage.Commits = 0;
        await Tally.CloseAsync(all: true, CancellationToken.None);

        Assert.Equal(1, _storage.Commits);
        Assert.Equal(60, (await LogAsync()).Count);

        Happening Used(int i) =>
            new(
                _tenant.Id,
                new Actor(ActorKind.Program, new Guid(i + 1, 0, 0, new byte[8]), "Key", From: null),
                "api_key.used",
                "api_key",
                "key",
                "Key",
                Reason: null,
                TimeSpan.FromDays(1),
                Singly: 1
            );
    }

    [Fact]
    public async Task FailedSignIns_OfSomebody_AreSummedUpByTheNextAttempt_Once()
    {
        var rig = new AccountRig(_database);
        var user = await rig.AddPersonAsync();
        await rig.JoinAsync(_tenant.Id, user, TenantRole.Editor);
        for (var i = 0; i < 37; i++)
        {
            await rig.TryAsync("not it");
        }

        Assert.Equal(10, (await LogAsync()).Count);
        _database.Time.Advance(TimeSpan.FromHours(3));
        await rig.SignInAsync();
        await rig.TryAsync("not it");
        await rig.SignInAsync();

        var log = await LogAsync();
        Assert.Equal(
            ["account.sign_in_failed", "account.signed_in", "account.sign_in_failed", "account.signed_in"],
            log.Skip(10).Select(entry => entry.Action)
        );
        Assert.Contains("\"times\":37", log[10].Details, StringComparison.Ordinal);
        Assert.DoesNotContain("times", log[12].Details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FilesThatAreTakenInALoop_AreCountedFromTheHundredthOn()
    {
        for (var i = 0; i < 103; i++)
        {
            await new ContactExport(_database.Db).WriteAsync(
                _tenant.As(TenantRole.Viewer),
                new ContactFilter(),
                email: null,
                Stream.Null,
                CancellationToken.None
            );
        }

        Assert.Equal(100, (await LogAsync()).Count);
        await Tally.CloseAsync(all: true, CancellationToken.None);
        Assert.Contains("\"times\":103", (await LogAsync())[^1].Details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileWhoseEntryCannotBeWritten_IsNotTaken()
    {
        _storage.Fails = true;
        using var file = new MemoryStream();

        await Assert.ThrowsAnyAsync<Exception>(() =>
            new ContactExport(_database.Db).WriteAsync(
                _tenant.As(TenantRole.Viewer),
                new ContactFilter(),
                email: null,
                file,
                CancellationToken.None
            )
        );

        Assert.Equal(0, file.Length);
        _storage.Fails = false;
    }

    private static Happening Refused(TestTenant tenant, string route) =>
        Happening.RequestDenied(tenant.Id, tenant.As(TenantRole.Viewer).Actor, route, "reason");

    private async Task DenyAsync() =>
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            new ChangeTenant(_database.Db).ExecuteAsync(
                _tenant.As(TenantRole.Viewer),
                new TenantChange("Mine", "UTC"),
                CancellationToken.None
            )
        );

    private Task<List<AuditEntry>> LogAsync() => LogAsync(_tenant);

    private async Task<List<AuditEntry>> LogAsync(TestTenant tenant)
    {
        await using var db = _database.Db.Read(tenant.Scope);
        return await db
            .AuditEntries.Where(entry => entry.TenantId == tenant.Id && entry.Action != "api_key.created")
            .OrderBy(entry => entry.Sequence)
            .ToListAsync();
    }

    private sealed class Storage : StorageFaults
    {
        public bool Fails { get; set; }
        public int Commits { get; set; }
        public Action? Before { get; set; }

        public override void BeforeCommit()
        {
            Commits++;
            Before?.Invoke();
            if (Fails)
            {
                throw new IOException("The storage failed before the commit.");
            }
        }
    }
}
