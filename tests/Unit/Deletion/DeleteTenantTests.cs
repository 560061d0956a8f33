using Ledgerpost.Audit;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Programs;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Senders;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Deletion;

/// <summary>A tenant goes with all that it has; its log stays without names, and nobody else's row is touched.</summary>
public sealed class DeleteTenantTests
{
    [Fact]
    public async Task Deletion_EmptiesEveryTable_AndLeavesAnotherTenantBitForBit()
    {
        await using var steps = await DeletionSteps.CreateAsync();
        await steps.CommandAsync(steps.North, "something");
        await steps.Database.FillAsync(steps.North);
        await steps.Database.FillAsync(steps.South);
        var full = await steps.Database.CountRowsAsync(steps.North.Id);
        var others = await steps.Database.DumpAsync(steps.South.Id);
        await steps.BeginAsync();

        var gone = await steps.Job().RunOnceAsync(CancellationToken.None);

        Assert.All(full.Values, count => Assert.NotEqual(0, count));
        Assert.Equal(1, gone);
        var left = await steps.Database.CountRowsAsync(steps.North.Id);
        Assert.All(
            left.Where(table => table.Key != "AuditEntries"),
            table => Assert.Equal((table.Key, 0), (table.Key, table.Value))
        );
        Assert.Equal(others, await steps.Database.DumpAsync(steps.South.Id));
        await using var db = steps.Database.Db.Read(TenantScope.Installation);
        Assert.Equal([steps.South.Id], await db.Tenants.Select(tenant => tenant.Id).ToListAsync());
        Assert.False(await db.SetUpLinks.AnyAsync(link => link.TenantId == steps.North.Id));
        Assert.False(await db.ProviderAccounts.AnyAsync(account => account.OwnerId == steps.North.Id));
        Assert.True(await db.ProviderAccounts.AnyAsync(account => account.OwnerId == steps.South.Id));
    }

    [Fact]
    public async Task Crash_BeforeAnyRemoval_IsGoneOnFrom_ByTheNextStart()
    {
        await using var steps = await DeletionSteps.CreateAsync();
        await steps.CommandAsync(steps.North, "something");
        await steps.Database.FillAsync(steps.North);
        await steps.Database.FillAsync(steps.South);
        var others = await steps.Database.DumpAsync(steps.South.Id);
        await steps.BeginAsync();
        var crashes = 0;
        var rest = int.MaxValue;
        while (true)
        {
            // One batch further each time, and then the process dies.
            var passed = 0;
            steps.Crash.On = _ => ++passed > crashes + 1 ? throw new SimulatedCrashException() : Task.CompletedTask;
            try
            {
                await steps.Job(atMost: 1).RunOnceAsync(CancellationToken.None);
                break;
            }
            catch (SimulatedCrashException)
            {
                crashes++;
                var left = (int)(await steps.Database.CountRowsAsync(steps.North.Id)).Values.Sum();
                Assert.True(left <= rest, "Rows came back.");
                rest = left;
            }
        }

        Assert.True(crashes > 20, $"It ended after {crashes} crashes.");
        var counts = await steps.Database.CountRowsAsync(steps.North.Id);
        Assert.Equal(counts["AuditEntries"], counts.Values.Sum());
        Assert.Equal(others, await steps.Database.DumpAsync(steps.South.Id));
        Assert.True((await steps.VerifyAsync(steps.North.Id)).IsWhole);
    }

    [Fact]
    public async Task Log_StaysWhole_WithoutNames_AndTheInstallationsLogSaysHowItEnded()
    {
        await using var steps = await DeletionSteps.CreateAsync();
        await steps.BeginAsync();
        await steps.Job().RunOnceAsync(CancellationToken.None);

        var verdict = await steps.VerifyAsync(steps.North.Id);

        Assert.True(verdict.IsWhole, $"{verdict}");
        await using var db = steps.Database.Db.Read(TenantScope.Installation);
        var log = await db
            .AuditEntries.Where(entry => entry.TenantId == steps.North.Id)
            .OrderBy(entry => entry.Sequence)
            .ToListAsync();
        Assert.Equal(["tenant.deletion_begun", "tenant.deleted"], log.Select(entry => entry.Action));
        Assert.Equal(("", "", null, null), (log[0].ActorName, log[0].TargetName, log[0].Details, log[0].From));
        var end = await db.AuditEntries.SingleAsync(entry =>
            entry.TenantId == Guid.Empty && entry.Action == "tenant.deleted"
        );
        Assert.Equal((steps.North.Id.ToString(), "north Ltd"), (end.TargetId, end.TargetName));
        Assert.Contains(Convert.ToHexStringLower(log[1].Hash!), end.Details, StringComparison.Ordinal);
        Assert.True((await steps.VerifyAsync(null)).IsWhole);
    }

    [Fact]
    public async Task NamesTakenOutOfALog_WithoutAnEntryThatSaysSo_AreMissed()
    {
        await using var steps = await DeletionSteps.CreateAsync();
        await steps.CommandAsync(steps.North, "first");
        await steps.CommandAsync(steps.North, "second");
        await steps.Database.Db.WriteAsync(
            steps.North.Scope,
            (db, token) =>
                db.Database.ExecuteSqlAsync(
                    $"""
                    UPDATE "AuditEntries"
                    SET "Salt" = NULL, "ActorName" = '', "TargetName" = '', "Details" = NULL, "From" = NULL
                    WHERE "TenantId" = {steps.North.Id} AND "Sequence" = 1
                    """,
                    token
                ),
            CancellationToken.None
        );

        var verdict = await steps.VerifyAsync(steps.North.Id);

        Assert.Equal((AuditFault.PersonalMissing, 1), (verdict.Fault, verdict.FaultAt));
    }

    [Fact]
    public async Task FromTheFirstStepOn_NobodyActsInIt()
    {
        await using var steps = await DeletionSteps.CreateAsync();
        var key = await steps.KeyAsync();
        var token = steps.Token("person@example.net");
        var links = new UnsubscribeByLink(steps.Database.Db, steps.Database.Ids);
        var programs = new FindProgram(steps.Database.Db);
        Assert.NotNull(await programs.ExecuteAsync(key, from: null, CancellationToken.None));
        Assert.Equal("north Ltd", (await links.LookAsync(token, CancellationToken.None))?.TenantName);

        await steps.BeginAsync();

        await Assert.ThrowsAsync<AccessDeniedException>(() => steps.CommandAsync(steps.North, "late"));
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            steps.Database.Db.CommandAsync(
                Caller.System(steps.North.Id),
                TenantRole.Viewer,
                (_, _) => Task.FromResult(true),
                CancellationToken.None
            )
        );
        Assert.Null(await programs.ExecuteAsync(key, from: null, CancellationToken.None));
        await SaysGoneAsync();
        Assert.IsType<FirstOwnerResult.Invalid>(
            await new InviteFirstOwner(steps.Database.Db).ExecuteAsync(
                steps.Operator,
                steps.North.Id,
                "new@example.net",
                CancellationToken.None
            )
        );

        await steps.Job().RunOnceAsync(CancellationToken.None);
        await SaysGoneAsync();
        Assert.Equal(0, (await steps.Database.CountRowsAsync(steps.North.Id))["SuppressedAddresses"]);

        async Task SaysGoneAsync()
        {
            Assert.True((await links.LookAsync(token, CancellationToken.None))!.Gone);
            await links.ExecuteAsync(token, "192.0.2.9", CancellationToken.None);
        }
    }

    [Fact]
    public async Task OtherName_OrAnotherTenantsOwner_ChangesNothing()
    {
        await using var steps = await DeletionSteps.CreateAsync();
        var before = await steps.Database.DumpAsync(steps.North.Id);

        var other = await steps.Delete.ExecuteAsync(
            steps.Operator,
            steps.North.Id,
            "North Ltd",
            null,
            CancellationToken.None
        );
        var unknown = await steps.Delete.ExecuteAsync(
            steps.Operator,
            Guid.NewGuid(),
            null,
            null,
            CancellationToken.None
        );

        Assert.IsType<DeleteTenantResult.OtherName>(other);
        Assert.IsType<DeleteTenantResult.NotFound>(unknown);
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            steps.Delete.ExecuteAsync(steps.North.As(TenantRole.Admin), "north Ltd", CancellationToken.None)
        );
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            steps.Delete.ExecuteAsync(
                steps.South.As(TenantRole.Owner) with
                {
                    Scope = steps.North.Scope,
                },
                "north Ltd",
                CancellationToken.None
            )
        );
        // Both attempts are in the log, and nothing else is new.
        var after = await steps.Database.DumpAsync(steps.North.Id);
        Assert.Equal(
            2,
            after
                .Except(before, StringComparer.Ordinal)
                .Count(line => line.Contains("command.denied", StringComparison.Ordinal))
        );
        Assert.Equal(before, after.Where(line => !line.Contains("command.denied", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Owner_DeletesTheOwnOrganisation_AndIsTold_WhatGoes()
    {
        await using var steps = await DeletionSteps.CreateAsync();
        await steps.Database.AddContactsAsync(steps.North, 3);
        var owner = steps.North.As(TenantRole.Owner);

        var holdings = await steps.Delete.LookAsync(owner, CancellationToken.None);
        var result = await steps.Delete.ExecuteAsync(owner, "north Ltd", CancellationToken.None);

        Assert.Equal(new TenantHoldings("north Ltd", 4, 3, 0, 0, 1, 0), holdings);
        Assert.IsType<DeleteTenantResult.Begun>(result);
        Assert.Equal(1, await steps.Job().RunOnceAsync(CancellationToken.None));
        Assert.Equal([$"delete {steps.North.DomainId}"], steps.Domains.Calls);
    }

    [PostgreSqlFact]
    public async Task Deletion_WaitsForAnIntentThatIsBeingWritten()
    {
        await using var steps = await DeletionSteps.CreateAsync();
        var (held, let) = (new TaskCompletionSource(), new TaskCompletionSource());
        var intent = steps.Database.Db.WriteBesideOthersAsync(
            steps.North.Scope,
            async (db, token) =>
            {
                await db.HoldSendingAsync(steps.North.Id, Guid.NewGuid(), token);
                held.SetResult();
                await let.Task;
                return true;
            },
            CancellationToken.None
        );
        await held.Task;

        var deletion = steps.BeginAsync();
        await Task.WhenAny(deletion, Task.Delay(TimeSpan.FromMilliseconds(300)));
        var waited = !deletion.IsCompleted;
        let.SetResult();
        await intent;
        await deletion;

        Assert.True(waited);
    }

    [PostgreSqlFact]
    public async Task Deletion_BesideALongCommandOfTheTenant_GivesUp_SoThatNobodysSignInWaitsForIt()
    {
        await using var steps = await DeletionSteps.CreateAsync();
        await DeletionSteps.BesideALongCommandAsync(
            steps.Database,
            steps.North,
            () => Assert.ThrowsAsync<TenantBusyException>(() => steps.BeginAsync().WaitAsync(TimeSpan.FromSeconds(20)))
        );

        await steps.BeginAsync();
    }
}
