using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Microsoft.EntityFrameworkCore;
using UnitTests.Deletion;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>
/// After a restore: whoever unsubscribed or was erased since the backup is still known to the database that was put aside.
/// Two databases of one seed: the same tenant, and the same secret.
/// </summary>
public sealed class ReplayUnsubscribesTests
{
    private const string Address = "ada@example.net";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhoLeftSinceTheBackup_IsNotMailed_ByACampaignNorByWhatWaited(bool erased)
    {
        await using var aside = await EngineHarness.CreateAsync();
        await using var restored = await EngineHarness.CreateAsync();
        Assert.Equal(aside.Tenant.Id, restored.Tenant.Id);
        foreach (var engine in new[] { aside, restored })
        {
            await engine.Database.AddContactsAsync(engine.Tenant, 3);
            await engine.Database.AddContactAsync(engine.Tenant, Address);
        }

        await restored.PostAsync("receipt", Address);
        if (erased)
        {
            Assert.IsType<ErasePersonResult.Erased>(await aside.EraseAsync(Address));
        }
        else
        {
            await aside.SuppressAsync(Address, reason: SuppressionReason.Complained);
        }

        var replay = new ReplayUnsubscribes(restored.Db);
        var added = await replay.ExecuteAsync(aside.Db, CancellationToken.None);
        var again = await replay.ExecuteAsync(aside.Db, CancellationToken.None);
        await restored.LaunchAsync();
        await restored.RunAsync();

        // Of an erased person the address, which is here again, and the hash.
        Assert.Equal((erased ? 2 : 1, 0), (added, again));
        Assert.Equal(3, restored.Provider.Mailed.Count);
        Assert.DoesNotContain(restored.Provider.Mailed, mail => mail.To == Address);
        await using var db = restored.Db.Read(restored.Tenant.Scope);
        Assert.Contains(Address, await db.SuppressedAddresses.Select(row => row.NormalizedEmail).ToListAsync());
    }

    [Fact]
    public async Task WhoWasErasedSince_IsNamedToTheirOrganisation_AndErasedOnceMore_IsNowhereAgain()
    {
        await using var aside = await EngineHarness.CreateAsync();
        await using var restored = await EngineHarness.CreateAsync();
        await aside.Database.AddContactAsync(aside.Tenant, Address);
        await restored.Database.AddContactAsync(restored.Tenant, Address);
        await aside.EraseAsync(Address);
        var replay = new ReplayUnsubscribes(restored.Db);
        await replay.ExecuteAsync(aside.Db, CancellationToken.None);
        await using (var db = restored.Db.Read(restored.Tenant.Scope))
        {
            var row = await db.SuppressedAddresses.SingleAsync(one => one.NormalizedEmail == Address);
            var told = await db.AuditEntries.SingleAsync();
            Assert.Equal((1, ReplayUnsubscribes.Back), (replay.BackCount, row.Detail));
            Assert.Equal(("person.restored", Address), (told.Action, told.TargetName));
        }

        Assert.IsType<ErasePersonResult.Erased>(await restored.EraseAsync(Address));

        Assert.DoesNotContain(
            await restored.Database.DumpAsync(restored.Tenant.Id),
            row => row.Contains(Address, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task ProcessThatDiesAfterAPart_HasAddedThatPart_AndTheNextAddsTheRest()
    {
        const int Part = 500;
        const int Rest = 100;
        var faults = new DiesAtCommit();
        await using var aside = await EngineHarness.CreateAsync();
        await using var restored = await EngineHarness.CreateAsync(faults);
        await aside.Db.WriteAsync(
            aside.Tenant.Scope,
            (db, _) =>
            {
                db.SuppressedAddresses.AddRange(
                    Enumerable
                        .Range(1, Part + Rest)
                        .Select(i => new SuppressedAddress
                        {
                            TenantId = aside.Tenant.Id,
                            Id = aside.Database.Ids.New(),
                            NormalizedEmail = $"left{i}@example.net",
                            Reason = SuppressionReason.Complained,
                            CreatedAt = aside.Time.GetUtcNow(),
                        })
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );
        var replay = new ReplayUnsubscribes(restored.Db);

        faults.DieAt(commit: 2);
        await Assert.ThrowsAsync<CommitInDoubtException>(() => ExecuteAsync());
        await using var db = restored.Db.Read(restored.Tenant.Scope);
        Assert.Equal(Part, await db.SuppressedAddresses.CountAsync());

        Assert.Equal((Rest, 0), (await ExecuteAsync(), await ExecuteAsync()));
        Assert.Equal(Part + Rest, await db.SuppressedAddresses.CountAsync());

        Task<int> ExecuteAsync() => replay.ExecuteAsync(aside.Db, CancellationToken.None);
    }

    private sealed class DiesAtCommit : StorageFaults
    {
        private int _left;

        public void DieAt(int commit) => _left = commit;

        public override void BeforeCommit()
        {
            if (Interlocked.Decrement(ref _left) == 0)
            {
                throw new IOException("The process died.");
            }
        }
    }
}
