using Ledgerpost.Outbox;
using Ledgerpost.OutgoingEvents;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Support;

namespace UnitTests.OutgoingEvents;

/// <summary>How deliveries go out, again and again, until they arrive or a day is over.</summary>
public sealed class DeliveryTests
{
    [Fact]
    public async Task Delivery_ThatFailsAllDay_IsTriedEightTimes_AndAReplayBringsItUnderTheSameId()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer { Status = 500, Answer = "out of order" };
        var endpoint = (await rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);
        var began = rig.Engine.Time.GetUtcNow();

        await DrainAsync(rig);

        var failed = Assert.Single(await rig.DeliveriesAsync());
        Assert.Equal(
            (DeliveryState.Failed, 8, 500, "out of order"),
            (failed.State, failed.Tries, failed.LastStatus, failed.LastError)
        );
        Assert.Equal(8, server.Hooks.Count);
        Assert.Single(server.Hooks.Select(hook => hook.Id).Distinct());
        Assert.InRange(rig.Engine.Time.GetUtcNow() - began, TimeSpan.FromHours(24), TimeSpan.FromHours(28));
        var gaps = server.Hooks.Zip(server.Hooks.Skip(1), (one, next) => next.SentAt - one.SentAt).ToList();
        Assert.True(gaps.Zip(gaps.Skip(1)).All(pair => pair.Second > pair.First), string.Join(' ', gaps));

        server.Status = 204;
        Assert.IsType<EndpointOutcome.Asked>(
            await rig.Replay.ExecuteAsync(rig.Admin, failed.Id, CancellationToken.None)
        );
        rig.Engine.Time.Advance(TimeSpan.FromMinutes(2));
        await rig.DeliverAsync();

        var delivered = Assert.Single(await rig.DeliveriesAsync());
        Assert.Equal((DeliveryState.Delivered, 1, 204), (delivered.State, delivered.Tries, delivered.LastStatus));
        Assert.Equal((9, 1), (server.Hooks.Count, server.Hooks.Select(hook => hook.Id).Distinct().Count()));
        Assert.Null((await rig.EndpointAsync(endpoint.Id)).FailingSince);
    }

    [Fact]
    public async Task Process_KilledBetweenAnswerAndCommit_BringsItAgainUnderTheSameId_OnceItsLeaseIsOver()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer();
        var endpoint = (await rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);
        await LeaveLeasedAsync(rig);

        Assert.Equal(0, await rig.DeliverAsync(rig.NewDeliver()));
        Assert.Equal(0, await rig.Deliver.ServeAsync(new DueEndpoint(rig.Engine.Tenant.Id, endpoint.Id), default));
        rig.Engine.Time.Advance(DeliverEvents.Lease);
        Assert.Equal(1, await rig.DeliverAsync(rig.NewDeliver()));

        Assert.Equal(DeliverEvents.MessageId((await rig.DeliveriesAsync()).Single().Id), server.Hooks.Single().Id);
    }

    [SqliteFact]
    public async Task Process_ThatDied_IsKnownToBeDeadAtTheNextStart_WhichWaitsForNoLease()
    {
        await using var rig = await HookRig.CreateAsync();
        var told = new TaskCompletionSource();
        using var server = new HookServer
        {
            Before = _ =>
            {
                told.TrySetResult();
                return Task.CompletedTask;
            },
        };
        var endpoint = (await rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);
        await LeaveLeasedAsync(rig);
        using var stop = new CancellationTokenSource();

        var running = new DeliveryLoop(
            rig.NewDeliver(),
            rig.Forget,
            rig.Signal,
            rig.Engine.Time,
            NullLogger<DeliveryLoop>.Instance
        ).RunAsync(stop.Token);

        await told.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await stop.CancelAsync();
        await running;
    }

    [PostgreSqlFact]
    public async Task Start_BesideAnotherInstance_LeavesItsLeasesAlone()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer();
        var endpoint = (await rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);
        await LeaveLeasedAsync(rig);

        await rig.Deliver.RecoverAsync(CancellationToken.None);

        Assert.Equal(0, await rig.DeliverAsync());
    }

    [Fact]
    public async Task TwoInstances_AtOneEndpoint_BringEachEventOnce()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer();
        await rig.SubscribeAsync(server, ["recipient.accepted"]);
        await rig.Engine.Database.AddContactsAsync(rig.Engine.Tenant, 60);
        await rig.Engine.LaunchAsync();
        await rig.Engine.RunAsync();
        var due = Assert.Single(await rig.Deliver.DueAsync(default));

        await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => rig.NewDeliver().ServeAsync(due, CancellationToken.None))
        );
        await rig.DeliverAsync();

        Assert.Equal((60, 60), (server.Hooks.Count, server.Hooks.Select(hook => hook.Id).Distinct().Count()));
    }

    [Fact]
    public async Task Endpoint_AfterFiveDaysOfNothingButFailures_IsDisabled_AndSaidInTheLog()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer { Status = 503 };
        var endpoint = (await rig.SubscribeAsync(server, HookRig.AllEvents)).Endpoint;
        for (var day = 0; day < 5; day++)
        {
            await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);
            await rig.DeliverAsync();
            Assert.Equal(EndpointState.Enabled, (await rig.EndpointAsync(endpoint.Id)).State);
            rig.Engine.Time.Advance(TimeSpan.FromDays(1));
        }

        await rig.DeliverAsync();

        var disabled = await rig.EndpointAsync(endpoint.Id);
        Assert.Equal((EndpointState.Disabled, DisabledReason.Failing), (disabled.State, disabled.DisabledReason));
        await using (var db = rig.Engine.Db.Read(rig.Engine.Tenant.Scope))
        {
            Assert.Equal(1, await db.AuditEntries.CountAsync(entry => entry.Action == "webhook_endpoint.disabled"));
        }

        var count = (await rig.DeliveriesAsync()).Count;
        Assert.IsType<EndpointOutcome.NotEnabled>(await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, default));
        await rig.Engine.SuppressAsync("somebody@example.net");
        Assert.Equal((count, 0), ((await rig.DeliveriesAsync()).Count, await rig.DeliverAsync()));

        server.Status = 200;
        await rig.Change.ExecuteAsync(
            rig.Admin,
            endpoint.Id,
            row => new EndpointInput(row.Url, row.Events, true),
            default
        );
        rig.Engine.Time.Advance(TimeSpan.FromHours(12));
        Assert.Equal(5, await rig.DeliverAsync());
        Assert.All(await rig.DeliveriesAsync(), row => Assert.Equal(DeliveryState.Delivered, row.State));
    }

    [Fact]
    public async Task Success_AmongFailures_BeginsTheFiveDaysAnew()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer { Status = 503 };
        var endpoint = (await rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        for (var day = 0; day < 12; day++)
        {
            server.Status = day % 4 == 3 ? 200 : 503;
            await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);
            await rig.DeliverAsync();
            rig.Engine.Time.Advance(TimeSpan.FromDays(1));
        }

        Assert.Equal(EndpointState.Enabled, (await rig.EndpointAsync(endpoint.Id)).State);
    }

    [Fact]
    public async Task Failure_AfterAQuietWeek_BeginsTheFiveDaysAnew_WhateverFailedBefore()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer { Status = 503 };
        var endpoint = (await rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);
        await DrainAsync(rig);
        rig.Engine.Time.Advance(TimeSpan.FromDays(7));

        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);
        await rig.DeliverAsync();

        var failing = await rig.EndpointAsync(endpoint.Id);
        Assert.Equal(
            (EndpointState.Enabled, rig.Engine.Time.GetUtcNow(), 1),
            (failing.State, failing.FailingSince, failing.FailuresInARow)
        );
    }

    [Theory]
    [InlineData(410, DisabledReason.Gone, DeliveryState.Waiting)]
    [InlineData(302, null, DeliveryState.Waiting)]
    [InlineData(404, null, DeliveryState.Waiting)]
    [InlineData(201, null, DeliveryState.Delivered)]
    public async Task Answer_DecidesWhatBecomesOfIt(int status, DisabledReason? disabled, DeliveryState state)
    {
        await using var rig = await HookRig.CreateAsync();
        using var elsewhere = new HookServer();
        using var server = new HookServer { Status = status, More = $"Location: {elsewhere.Url}\r\n" };
        var endpoint = (await rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);

        await rig.DeliverAsync();

        var delivery = Assert.Single(await rig.DeliveriesAsync());
        Assert.Equal((state, status), (delivery.State, delivery.LastStatus));
        Assert.Equal(disabled, (await rig.EndpointAsync(endpoint.Id)).DisabledReason);
        Assert.Empty(elsewhere.Hooks);
        Assert.Equal(status == 302, delivery.LastError?.Contains("not followed", StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData("600", 600)]
    [InlineData("Sun, 01 Jan 2090 00:00:00 GMT", 3600)]
    [InlineData("999999999", 3600)]
    [InlineData("Thu, 01 Jan 1970 00:00:00 GMT", 0)]
    [InlineData("soon", 0)]
    public async Task Endpoint_ThatAsksToBeLeftAlone_IsForSoLong_AndForAnHourAtMost(string header, int seconds)
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer { Status = 429, More = $"Retry-After: {header}\r\n" };
        var endpoint = (await rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);
        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);
        await rig.DeliverAsync();
        var asked = server.Hooks.Count;
        // A try by itself would come after seconds.
        var wish = TimeSpan.FromSeconds(Math.Max(seconds, 10));

        rig.Engine.Time.Advance(wish - TimeSpan.FromSeconds(1));
        Assert.Equal(seconds == 0, await rig.DeliverAsync() > 0);
        rig.Engine.Time.Advance(TimeSpan.FromSeconds(60));
        await rig.DeliverAsync();

        Assert.True(server.Hooks.Count > asked);
    }

    [Fact]
    public async Task Answer_WithoutAnEnd_IsReadOnlyAtItsBeginning()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer { Status = 500, Answer = new string('x', 4_000_000) };
        var endpoint = (await rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, CancellationToken.None);

        await rig.DeliverAsync();

        Assert.Equal(1000, (await rig.DeliveriesAsync()).Single().LastError!.Length);
    }

    [Fact]
    public async Task Secret_WhileItIsReplaced_SignsBesideTheNewOne_AndNotADayLater()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer();
        var created = await rig.SubscribeAsync(server, ["campaign.sent"]);
        var id = created.Endpoint.Id;
        var renewed = Assert.IsType<EndpointOutcome.Saved>(await rig.Rotate.ExecuteAsync(rig.Admin, id, default));

        await rig.Test.ExecuteAsync(rig.Admin, id, CancellationToken.None);
        await rig.DeliverAsync();
        rig.Engine.Time.Advance(RotateEndpointSecret.Overlap);
        await rig.Test.ExecuteAsync(rig.Admin, id, CancellationToken.None);
        await rig.DeliverAsync();

        Assert.NotEqual(created.Secret, renewed.Secret);
        Assert.Equal(
            [(true, true), (false, true)],
            server.Hooks.Select(hook => (hook.IsSignedWith(created.Secret!), hook.IsSignedWith(renewed.Secret!)))
        );
        Assert.DoesNotContain(renewed.Secret!, (await rig.EndpointAsync(id)).Secret, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoint_OfAnotherTenant_IsAsUnknown()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer();
        var endpoint = (await rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        var mine = Assert.IsType<EndpointOutcome.Asked>(await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, default));
        var south = await rig.Engine.Database.AddTenantAsync("south");
        var stranger = south.As(TenantRole.Owner);

        Assert.IsType<EndpointOutcome.NotFound>(await rig.Replay.ExecuteAsync(stranger, mine.DeliveryId, default));
        Assert.IsType<EndpointOutcome.NotFound>(await rig.Test.ExecuteAsync(stranger, endpoint.Id, default));
        Assert.IsType<EndpointOutcome.NotFound>(await rig.Rotate.ExecuteAsync(stranger, endpoint.Id, default));
        Assert.IsType<EndpointOutcome.NotFound>(await rig.Delete.ExecuteAsync(stranger, endpoint.Id, default));
        Assert.IsType<EndpointOutcome.NotFound>(
            await rig.Change.ExecuteAsync(stranger, endpoint.Id, row => new EndpointInput(row.Url, row.Events), default)
        );
        Assert.Null(await rig.Log.ExecuteAsync(south.Scope, endpoint.Id, null, null, 50, default));
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            rig.Test.ExecuteAsync(rig.Engine.Tenant.As(TenantRole.Editor), endpoint.Id, default)
        );
    }

    [Fact]
    public async Task Log_LetsGoAfterThirtyDays_AndADeletedEndpointGoesWithItsOwn()
    {
        await using var rig = await HookRig.CreateAsync();
        using var server = new HookServer();
        var kept = (await rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        var deleted = (await rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        await rig.Test.ExecuteAsync(rig.Admin, kept.Id, default);
        await rig.Test.ExecuteAsync(rig.Admin, deleted.Id, default);
        rig.Engine.Time.Advance(TimeSpan.FromDays(29));
        await rig.Test.ExecuteAsync(rig.Admin, kept.Id, default);
        await rig.Delete.ExecuteAsync(rig.Admin, deleted.Id, default);
        rig.Engine.Time.Advance(TimeSpan.FromDays(2));

        await rig.Forget.RunOnceAsync(default);

        var left = Assert.Single(await rig.DeliveriesAsync());
        Assert.Equal((kept.Id, rig.Engine.Time.GetUtcNow() - TimeSpan.FromDays(2)), (left.EndpointId, left.OccurredAt));
        await using var db = rig.Engine.Db.Read(rig.Engine.Tenant.Scope);
        Assert.Equal(kept.Id, (await db.EventEndpoints.SingleAsync()).Id);
    }

    [Fact]
    public async Task SlowEndpoint_HoldsUpNobodyElses()
    {
        await using var rig = await HookRig.CreateAsync();
        var released = new TaskCompletionSource();
        using var slow = new HookServer { Before = token => released.Task.WaitAsync(token) };
        var arrived = new TaskCompletionSource();
        using var quick = new HookServer
        {
            Before = _ =>
            {
                arrived.TrySetResult();
                return Task.CompletedTask;
            },
        };
        var south = await rig.Engine.Database.AddTenantAsync("south");
        var stuck = (await rig.SubscribeAsync(slow, ["campaign.sent"])).Endpoint;
        var free = (await rig.SubscribeAsync(quick, ["campaign.sent"], south)).Endpoint;
        for (var i = 0; i < 20; i++)
        {
            await rig.Test.ExecuteAsync(rig.Admin, stuck.Id, default);
        }

        using var stop = new CancellationTokenSource();
        var loop = LoopOf(rig).RunAsync(stop.Token);
        await WaitAsync(() => slow.Hooks.Count == DeliverEvents.AtOnce);
        await rig.Test.ExecuteAsync(south.As(TenantRole.Admin), free.Id, default);

        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(DeliverEvents.AtOnce, slow.Hooks.Count);
        await stop.CancelAsync();
        released.SetResult();
        await loop.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task EndpointsThatAreAlwaysBusy_MoreThanPlaces_HoldUpNoNewcomer()
    {
        await using var rig = await HookRig.CreateAsync();
        using var busy = new HookServer();
        using var server = new HookServer();
        var all = new List<(TestTenant Tenant, Guid Id)>();
        for (var i = 0; i < DeliveryLoop.MaxEndpoints / DeliveryLoop.MaxOfATenant; i++)
        {
            var tenant = await rig.Engine.Database.AddTenantAsync($"busy{i}");
            for (var j = 0; j < DeliveryLoop.MaxOfATenant; j++)
            {
                all.Add((tenant, (await rig.SubscribeAsync(busy, ["campaign.sent"], tenant)).Endpoint.Id));
            }
        }

        var last = await rig.Engine.Database.AddTenantAsync("last");
        all.Add((last, (await rig.SubscribeAsync(server, ["campaign.sent"], last)).Endpoint.Id));

        // As the loop goes about it when all of its places become free at once.
        for (var round = 0; round < 2; round++)
        {
            foreach (var (tenant, id) in all)
            {
                await rig.Test.ExecuteAsync(tenant.As(TenantRole.Admin), id, default);
            }

            rig.Engine.Time.Advance(TimeSpan.FromSeconds(1));
            foreach (var due in (await rig.Deliver.DueAsync(default)).Take(DeliveryLoop.MaxEndpoints))
            {
                await rig.Deliver.ServeAsync(due, default);
            }
        }

        Assert.NotEmpty(server.Hooks);
    }

    [Fact]
    public async Task Log_LetsGo_AlsoWhileAnEndpointIsBeingServed()
    {
        await using var rig = await HookRig.CreateAsync();
        var released = new TaskCompletionSource();
        using var slow = new HookServer();
        var endpoint = (await rig.SubscribeAsync(slow, ["campaign.sent"])).Endpoint;
        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, default);
        await rig.DeliverAsync();
        rig.Engine.Time.Advance(TimeSpan.FromDays(31));
        await rig.Test.ExecuteAsync(rig.Admin, endpoint.Id, default);
        slow.Before = token => released.Task.WaitAsync(token);

        using var stop = new CancellationTokenSource();
        var loop = LoopOf(rig).RunAsync(stop.Token);

        await WaitAsync(async () => (await rig.DeliveriesAsync()).Count == 1);
        await stop.CancelAsync();
        released.SetResult();
        await loop.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static DeliveryLoop LoopOf(HookRig rig) =>
        new(rig.Deliver, rig.Forget, rig.Signal, TimeProvider.System, NullLogger<DeliveryLoop>.Instance);

    private static Task WaitAsync(Func<bool> condition) => WaitAsync(() => Task.FromResult(condition()));

    private static async Task WaitAsync(Func<Task<bool>> condition)
    {
        for (var i = 0; i < 3000 && !await condition(); i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        Assert.True(await condition());
    }

    /// <summary>Moves the clock from try to try.</summary>
    private static async Task DrainAsync(HookRig rig)
    {
        while (true)
        {
            await rig.DeliverAsync();
            var waiting = (await rig.DeliveriesAsync()).Where(row => row.State == DeliveryState.Waiting).ToList();
            if (waiting.Count == 0)
            {
                return;
            }

            var now = rig.Engine.Time.GetUtcNow();
            var paused = (await rig.EndpointAsync(waiting[0].EndpointId)).PausedUntil;
            var next = new[] { waiting.Min(row => row.NotBefore), paused ?? now }.Max();
            rig.Engine.Time.Advance(next - now);
        }
    }

    /// <summary>As a process leaves it that died with a request on its way.</summary>
    private static Task<int> LeaveLeasedAsync(HookRig rig) =>
        rig.Engine.Db.WriteAsync(
            rig.Engine.Tenant.Scope,
            (db, token) =>
                db.EventEndpoints.ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(row => row.LeaseOwner, Guid.Parse("01900000-0000-7000-8000-000000000001"))
                            .SetProperty(row => row.LeaseEnds, rig.Engine.Time.GetUtcNow() + DeliverEvents.Lease),
                    token
                ),
            CancellationToken.None
        );
}
