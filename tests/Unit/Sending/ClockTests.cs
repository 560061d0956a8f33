using Ledgerpost.Campaigns;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Outbox;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Support;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>Rule 16 on the engine: the machine's clock is moved while mail is in doubt.</summary>
public sealed class ClockTests
{
    [Fact]
    public async Task ClockSetBack_WhileRunning_MakesNoWindowLonger()
    {
        var (engine, machine, _) = await EngineAsync();
        await using var held = engine;
        var id = await InDoubtAsync(engine);

        machine.JumpWall(-TimeSpan.FromHours(48));
        machine.Advance(TimeSpan.FromHours(21));
        await engine.Expire.RunOnceAsync(CancellationToken.None);

        Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);
        Assert.Single(engine.Provider.Calls);
    }

    [Fact]
    public async Task ClockSetBack_AcrossARestart_MakesNoWindowLonger()
    {
        var (engine, machine, clock) = await EngineAsync();
        await using var held = engine;
        var id = await InDoubtAsync(engine);
        machine.Advance(TimeSpan.FromHours(19));
        await Watch(engine, new Reader(machine)).StoreAsync(CancellationToken.None);

        machine.JumpWall(-TimeSpan.FromHours(48));
        await using var second = new PortalDb(
            engine.Database.ConnectionString,
            new EffectiveTime(machine, engine.Options.KeyWindowMargin),
            engine.Database.Ids,
            TestDatabase.AuditKeys,
            provider: TestDatabase.Provider
        );
        await new EnsureInstallation(second).ExecuteAsync(CancellationToken.None);
        machine.Advance(TimeSpan.FromHours(2));

        Assert.Equal(clock.GetUtcNow(), second.Time.GetUtcNow());
        var expire = new ExpireDoubt(second, engine.Options, engine.Notifier, NullLogger<ExpireDoubt>.Instance);
        Assert.Equal(1, await expire.RunOnceAsync(CancellationToken.None));
        Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);
    }

    [Fact]
    public async Task ClockSetBack_ALeaseStillEnds()
    {
        var (engine, machine, _) = await EngineAsync();
        await using var held = engine;
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        await engine.LaunchAsync();
        Assert.NotNull(await engine.Claim.ExecuteAsync(engine.Database.AccountId, "dead", CancellationToken.None));

        machine.JumpWall(-TimeSpan.FromHours(48));
        machine.Advance(TimeSpan.FromSeconds(engine.Options.LeaseSeconds + 1));

        Assert.NotNull(await engine.Claim.ExecuteAsync(engine.Database.AccountId, "next", CancellationToken.None));
    }

    [Fact]
    public async Task ClockSetBack_ByMoreThanTheMargin_StopsRepeats_AndFirstSendsGoOn()
    {
        var (engine, machine, clock) = await EngineAsync();
        await using var held = engine;
        await engine.Database.AddContactsAsync(engine.Tenant, 200);
        engine.Provider.Then(Fault.LostAnswer);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();

        machine.JumpWall(-TimeSpan.FromHours(5));
        machine.Advance(TimeSpan.FromHours(2));
        await TurnsAsync(engine, 5);
        Assert.Equal([1, 1], engine.Provider.Calls.GroupBy(call => call.Key).Select(group => group.Count()));
        Assert.Equal(100, (await engine.CountsAsync(id)).InDoubt);

        machine.JumpWall(TimeSpan.FromHours(5));
        await TurnsAsync(engine, 2);
        Assert.Equal(200, (await engine.CountsAsync(id)).Accepted);
        Assert.Null(clock.Disagreement);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task ClockSetBack_BetweenClaimAndIntent_FencesTheRepeat()
    {
        var (engine, machine, _) = await EngineAsync();
        await using var held = engine;
        await InDoubtAsync(engine);
        machine.Advance(TimeSpan.FromHours(1));
        engine.Crash.On = point =>
        {
            if (point == CrashPoints.BeforeIntent)
            {
                machine.JumpWall(-TimeSpan.FromHours(5));
            }

            return Task.CompletedTask;
        };

        await engine.TurnAsync();

        Assert.Single(engine.Provider.Calls);
    }

    [Fact]
    public async Task ClockJumpedAhead_MakesDoubtUnknown_AndNothingGoesOut_UntilItIsTakenBack()
    {
        var (engine, machine, clock) = await EngineAsync();
        await using var held = engine;
        await engine.Database.AddContactsAsync(engine.Tenant, 200);
        engine.Provider.Then(Fault.LostAnswer);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();

        machine.JumpWall(TimeSpan.FromDays(365));
        await TurnsAsync(engine, 3);
        await engine.Expire.RunOnceAsync(CancellationToken.None);
        Assert.Single(engine.Provider.Calls);
        Assert.Equal((100, 100), ((await engine.CountsAsync(id)).Unknown, (await engine.CountsAsync(id)).Pending));

        machine.JumpWall(-TimeSpan.FromDays(365));
        Assert.Null(clock.Disagreement);
        await TurnsAsync(engine, 2);
        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task ClockJumpedAhead_BetweenClaimAndIntent_FencesTheFirstAttempt()
    {
        var (engine, machine, _) = await EngineAsync();
        await using var held = engine;
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        engine.Crash.On = point =>
        {
            if (point == CrashPoints.BeforeIntent)
            {
                machine.JumpWall(TimeSpan.FromDays(365));
            }

            return Task.CompletedTask;
        };

        await engine.TurnAsync();

        Assert.Empty(engine.Provider.Calls);
        Assert.Null((await engine.ChunksAsync(id)).Single().FirstAttemptAt);
    }

    [Fact]
    public async Task AttemptOfTheFuture_IsNeverRepeated_AndBecomesUnknown()
    {
        var (engine, _, _) = await EngineAsync();
        await using var held = engine;
        var id = await InDoubtAsync(engine);
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db.Chunks.ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(c => c.FirstAttemptAt, engine.Time.GetUtcNow() + TimeSpan.FromDays(300))
                            .SetProperty(c => c.NotBefore, (DateTimeOffset?)null),
                    token
                ),
            CancellationToken.None
        );

        await TurnsAsync(engine, 2);
        Assert.Single(engine.Provider.Calls);
        await engine.Expire.RunOnceAsync(CancellationToken.None);

        Assert.Equal(100, (await engine.CountsAsync(id)).Unknown);
    }

    [Fact]
    public async Task ProvidersDate_FarFromOurs_StopsRepeats_AndAnAnswerThatAgreesEndsIt()
    {
        var (engine, machine, clock) = await EngineAsync();
        await using var held = engine;
        var id = await InDoubtAsync(engine);
        var reader = new Reader(machine) { Off = TimeSpan.FromHours(6) };
        var watch = Watch(engine, reader);
        machine.Advance(TimeSpan.FromHours(1));
        await watch.RunOnceAsync(CancellationToken.None);
        Assert.Equal(ClockFault.ProviderDisagrees, clock.Disagreement!.Fault);
        await TurnsAsync(engine, 2);
        Assert.Single(engine.Provider.Calls);

        reader.Off = TimeSpan.Zero;
        machine.Advance(TimeSpan.FromSeconds(31));
        await watch.RunOnceAsync(CancellationToken.None);
        await engine.RunAsync();

        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        Assert.Equal(2, engine.Provider.Calls.Count);
    }

    [Fact]
    public async Task Pauses_WrittenByAClockThatWasAhead_EndWhenItIsTakenBack()
    {
        var (engine, machine, _) = await EngineAsync();
        await using var held = engine;
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        engine.Provider.Then(Fault.RateLimited);
        engine.Provider.During = () =>
        {
            // While the call is in flight: its answer is settled by the wrong clock.
            machine.JumpWall(TimeSpan.FromDays(365));
            engine.Provider.During = null;
            return Task.CompletedTask;
        };
        var watch = Watch(engine, new Reader(machine) { Off = -TimeSpan.FromDays(365) });
        await engine.TurnAsync();
        await watch.RunOnceAsync(CancellationToken.None);

        machine.JumpWall(-TimeSpan.FromDays(365));
        await Watch(engine, new Reader(machine)).CompareAsync(CancellationToken.None);
        await watch.RunOnceAsync(CancellationToken.None);
        await engine.RunAsync();

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task WhatWaits_WrittenByAClockThatWasAhead_IsDueWhenItIsTakenBack()
    {
        var (engine, machine, _) = await EngineAsync();
        await using var held = engine;
        machine.JumpWall(TimeSpan.FromDays(365));
        var watch = Watch(engine, new Reader(machine) { Off = -TimeSpan.FromDays(365) });
        await AddWaitsAsync(engine, engine.Db.Time.GetUtcNow());
        await watch.RunOnceAsync(CancellationToken.None);

        machine.JumpWall(-TimeSpan.FromDays(365));
        await Watch(engine, new Reader(machine)).CompareAsync(CancellationToken.None);
        await watch.RunOnceAsync(CancellationToken.None);

        var now = machine.GetUtcNow();
        await using var db = engine.Db.Read(TenantScope.Installation);
        Assert.Equal(now, (await db.EventDeliveries.SingleAsync()).NotBefore);
        Assert.Equal(now, (await db.WebhookMessages.SingleAsync()).NotBefore);
        Assert.Equal(now, (await db.SendingDomains.SingleAsync()).NextCheckAt);
        Assert.Equal(now, (await db.ContactImports.SingleAsync()).AliveAt);
        // One that was tried may have been taken, by a provider that has forgotten its key when it is repeated: it is given up.
        Assert.Equal(
            [(now, now + TimeSpan.FromHours(20)), (now, now)],
            (await db.AccountMails.OrderBy(mail => mail.Tries).ToListAsync()).Select(mail =>
                (mail.NotBefore, mail.ExpiresAt)
            )
        );
    }

    private static Task AddWaitsAsync(EngineHarness engine, DateTimeOffset ahead) =>
        engine.Db.WriteAsync(
            TenantScope.Installation,
            async (db, token) =>
            {
                var (tenant, ids) = (engine.Tenant.Id, engine.Database.Ids);
                await db.SendingDomains.ExecuteUpdateAsync(
                    set => set.SetProperty(row => row.NextCheckAt, ahead),
                    token
                );
                var endpoint = new EventEndpoint
                {
                    TenantId = tenant,
                    Id = ids.New(),
                    Slot = 0,
                    Url = "https://north.test/hooks",
                    Events = 0,
                    State = EndpointState.Enabled,
                    Secret = "secret",
                    CreatedBy = "test",
                    CreatedAt = ahead,
                };
                db.EventEndpoints.Add(endpoint);
                db.EventDeliveries.Add(
                    new EventDelivery
                    {
                        TenantId = tenant,
                        Id = ids.New(),
                        EndpointId = endpoint.Id,
                        Type = EventType.EndpointTest,
                        OccurredAt = ahead,
                        State = DeliveryState.Waiting,
                        NotBefore = ahead,
                    }
                );
                db.WebhookMessages.Add(
                    new WebhookMessage
                    {
                        AccountId = engine.Database.AccountId,
                        MessageId = "msg_1",
                        Body = "{}",
                        ReceivedAt = ahead,
                        State = WebhookState.Waiting,
                        NotBefore = ahead,
                    }
                );
                db.ContactImports.Add(
                    new ContactImport
                    {
                        TenantId = tenant,
                        Id = ids.New(),
                        FileName = "people.csv",
                        Status = ImportStatus.Running,
                        StartedBy = "test",
                        CreatedAt = ahead,
                    }
                );
                db.AccountMails.AddRange(
                    Enumerable
                        .Range(0, 2)
                        .Select(tries => new AccountMail
                        {
                            Id = ids.New(),
                            Kind = AccountMailKind.AuditAnchor,
                            State = AccountMailState.Waiting,
                            CreatedAt = ahead,
                            ExpiresAt = ahead + TimeSpan.FromHours(20),
                            NotBefore = ahead,
                            Tries = tries,
                        })
                );
            },
            CancellationToken.None
        );

    private static async Task<(EngineHarness Engine, ManualTime Machine, EffectiveTime Clock)> EngineAsync()
    {
        var machine = new ManualTime();
        var clock = new EffectiveTime(machine, new SendingOptions().KeyWindowMargin);
        return (await EngineHarness.CreateAsync(time: machine, clock: clock), machine, clock);
    }

    private static async Task<Guid> InDoubtAsync(EngineHarness engine)
    {
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.LostAnswer);
        var id = await engine.LaunchAsync();
        await engine.TurnAsync();
        Assert.Equal(100, (await engine.CountsAsync(id)).InDoubt);
        return id;
    }

    private static async Task TurnsAsync(EngineHarness engine, int turns)
    {
        for (var i = 0; i < turns; i++)
        {
            await engine.TurnAsync();
            engine.Time.Advance(TimeSpan.FromMinutes(10));
        }
    }

    private static WatchClocks Watch(EngineHarness engine, Reader reader, PortalDb? db = null) =>
        new(
            db ?? engine.Db,
            new StampFile(Path.Combine(engine.Database.Folder, "portal.stamp")),
            reader,
            engine.Accounts,
            engine.Options,
            NullLogger<WatchClocks>.Instance
        );

    /// <summary>A provider that refuses to be read, and whose answers say what time it is there.</summary>
    private sealed class Reader(ManualTime machine) : IProviderReader
    {
        public TimeSpan Off { get; set; }

        public Task<ProviderAnswer> GetAsync(string baseUrl, string path, CancellationToken cancellation) =>
            Task.FromResult<ProviderAnswer>(
                new ProviderAnswer.Http(401, "", ProviderHeaders.Empty with { Date = machine.GetUtcNow() + Off })
            );
    }
}
