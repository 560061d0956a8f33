using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Data;

public sealed class PortalDbTests
{
    [Fact]
    public async Task Read_WithAnotherTenantsScope_SeesNothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        await database.AddContactsAsync(north, 3);

        await using var ours = database.Db.Read(north.Scope);
        await using var theirs = database.Db.Read(south.Scope);
        await using var nobodys = database.Db.Read(TenantScope.None);

        Assert.Equal(3, await ours.Contacts.CountAsync());
        Assert.Equal(0, await theirs.Contacts.CountAsync());
        Assert.Equal(0, await nobodys.Contacts.CountAsync());
    }

    [Fact]
    public async Task Write_OfAnotherTenantsRow_IsRefused()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));

        await Assert.ThrowsAsync<ForeignTenantException>(() =>
            database.Db.WriteAsync(
                south.Scope,
                (db, token) =>
                    Suppress.AddAsync(
                        db,
                        north.Id,
                        "a@example.net",
                        SuppressionReason.Manual,
                        null,
                        database.Time.GetUtcNow(),
                        database.Ids,
                        token
                    ),
                CancellationToken.None
            )
        );
    }

    [Fact]
    public async Task Read_ContextThatSaves_IsRefusedByTheDatabase()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await using var db = database.Db.Read(tenant.Scope);
        db.Add(
            new SuppressedAddress
            {
                TenantId = tenant.Id,
                Id = database.Ids.New(),
                NormalizedEmail = "a@example.net",
                Reason = SuppressionReason.Manual,
                CreatedAt = database.Time.GetUtcNow(),
            }
        );

        var refused = await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());

        Assert.Matches("readonly|read-only", refused.InnerException!.Message);
    }

    [Fact]
    public async Task Gate_UnitThatFails_TakesNobodyWithIt()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");

        var writes = Enumerable
            .Range(0, 40)
            .Select(i =>
                database.Db.WriteAsync(
                    tenant.Scope,
                    async (db, token) =>
                    {
                        await Suppress.AddAsync(
                            db,
                            tenant.Id,
                            $"a{i}@example.net",
                            SuppressionReason.Manual,
                            null,
                            database.Time.GetUtcNow(),
                            database.Ids,
                            token
                        );
                        await db.SaveChangesAsync(token);
                        if (i % 4 == 0)
                        {
                            throw new InvalidOperationException("This one fails after it has written.");
                        }
                    },
                    CancellationToken.None
                )
            )
            .ToList();

        await Task.WhenAll(
            writes.Select(write =>
                Assert.ThrowsAnyAsync<Exception>(() => write).ContinueWith(_ => { }, TaskScheduler.Default)
            )
        );

        Assert.Equal(10, writes.Count(write => write.IsFaulted));
        await using var db = database.Db.Read(tenant.Scope);
        Assert.Equal(30, await db.SuppressedAddresses.CountAsync());
    }

    [Fact]
    public async Task Gate_CommitThatIsNotConfirmed_SaysThatItIsInDoubt()
    {
        var faults = new FailingCommit();
        await using var database = await TestDatabase.CreateAsync(faults: faults);
        var tenant = await database.AddTenantAsync("north");
        faults.Armed = true;

        await Assert.ThrowsAsync<CommitInDoubtException>(() =>
            database.Db.WriteAsync(tenant.Scope, (_, _) => Task.CompletedTask, CancellationToken.None)
        );
    }

    [SqliteFact]
    public async Task Gate_UnitWhoseTransactionTheDatabaseHasRolledBack_Fails_AndTheGateGoesOn()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");

        // What SQLite does by itself when the disk is full: there is no savepoint left to go back to.
        var failing = database.Db.WriteAsync(
            tenant.Scope,
            async (db, token) =>
            {
                await db.Database.ExecuteSqlAsync($"ROLLBACK", token);
                throw new IOException("The disk is full.");
            },
            CancellationToken.None
        );
        var next = database.Db.WriteAsync(tenant.Scope, (_, _) => Task.CompletedTask, CancellationToken.None);

        await Assert.ThrowsAsync<IOException>(() => failing.WaitAsync(TimeSpan.FromSeconds(30)));
        await Record.ExceptionAsync(() => next.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.True(next.IsCompleted);
        await database
            .Db.WriteAsync(tenant.Scope, (_, _) => Task.CompletedTask, CancellationToken.None)
            .WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Command_ByAViewer_ThatNeedsAnAdmin_IsRefusedAndLeavesNothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var ran = false;

        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            database.Db.CommandAsync(
                tenant.As(TenantRole.Viewer),
                TenantRole.Admin,
                (_, _) => Task.FromResult(ran = true),
                CancellationToken.None
            )
        );

        Assert.False(ran);
    }

    [Fact]
    public async Task Command_ByAMemberOfAnotherTenant_IsRefused()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var stranger = north.As(TenantRole.Owner) with { Scope = south.Scope };

        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            database.Db.CommandAsync(stranger, TenantRole.Viewer, (_, _) => Task.FromResult(0), CancellationToken.None)
        );
    }

    [Fact]
    public async Task Command_ThatFails_LeavesNoAuditEntry_AndNumbersHaveNoGaps()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        Task<int> Give(bool fails) =>
            database.Db.CommandAsync(
                tenant.As(TenantRole.Owner),
                TenantRole.Owner,
                (command, _) =>
                {
                    command.Audit("tenant.renamed", "tenant", tenant.Id.ToString(), "North");
                    return fails ? throw new InvalidOperationException() : Task.FromResult(0);
                },
                CancellationToken.None
            );

        await Give(fails: false);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Give(fails: true));
        await Give(fails: false);

        await using var db = database.Db.Read(tenant.Scope);
        var entries = await db.AuditEntries.OrderBy(entry => entry.Sequence).ToListAsync();
        Assert.Equal([1L, 2L], entries.Select(entry => entry.Sequence));
        Assert.All(entries, entry => Assert.Equal("192.0.2.1", entry.From));
    }

    private sealed class FailingCommit : StorageFaults
    {
        public bool Armed { get; set; }

        public override void AfterCommit()
        {
            if (Armed)
            {
                throw new IOException("The disk went away after the commit.");
            }
        }
    }
}
