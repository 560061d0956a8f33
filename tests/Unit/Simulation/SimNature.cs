using System.Text;
using Ledgerpost.Webhooks;
using ResendEmulator.Storage;
using ResendEmulator.Webhooks;
using UnitTests.Support;

namespace UnitTests.Simulation;

/// <summary>What happens to the world from outside: outages, wrong clocks, and the provider's events, late, twice and in any order.</summary>
internal static class SimNature
{
    public static void Begin(SimWorld world)
    {
        for (var i = 0; i < world.Plan.Outages; i++)
        {
            var kind = SimPlan.Pick(world.Random, "unreachable", "silent", "failing");
            // Some begin with the first mails, where there is most to lose.
            var from = world.Random.Next(2) == 0 ? TimeSpan.FromSeconds(world.Random.Next(0, 4)) : Moment(world);
            world.Later(from, () => Set(world, kind));
            world.Later(from + (Moment(world) / 2), () => Set(world, null));
        }

        for (var i = 0; i < world.Plan.ClockJumps; i++)
        {
            world.Later(
                Moment(world),
                () =>
                {
                    world.ClockError = TimeSpan.FromMinutes(
                        world.Random.Next(-60, 61) * SimPlan.Pick(world.Random, 1, 1, 6, 30)
                    );
                    world.Saw(SimDeed.ClockMoved);
                    world.Trace.Add($"the portal's clock is {world.ClockError} off");
                }
            );
        }

        for (var i = 0; i < world.Plan.KeyChanges; i++)
        {
            world.Later(Moment(world), () => ReplaceKey(world));
        }

        if (world.Plan.Instances > 1)
        {
            for (var stops = world.Random.Next(4); stops > 0; stops--)
            {
                // Some while the first mails go out, where there is most to be in doubt about.
                var at = world.Random.Next(2) == 0 ? TimeSpan.FromSeconds(world.Random.Next(0, 6)) : Moment(world);
                world.Later(at, world.StopOne);
            }
        }

        for (var i = 0; i < world.Plan.Restores; i++)
        {
            var at = Moment(world);
            world.Later(at, world.BackUp);
            world.Later(at + Moment(world) + TimeSpan.FromSeconds(5), world.Restore);
        }

        if (world.Relaxation != Relaxation.None)
        {
            Tick(
                world,
                () => world.Portal is { Ready: true } portal ? world.Relaxation.TickAsync(portal) : Task.CompletedTask
            );
        }
    }

    /// <summary>The provider has answered a call: some time later it tells what became of the mails.</summary>
    public static void Answered(SimWorld world, SimTeam team)
    {
        if (world.Troubled && world.Plan.Events > 0)
        {
            var soon = TimeSpan.FromSeconds(world.Random.Next(1, 20));
            world.Later(soon, () => world.Nature.Start(() => DeliverAsync(world, team), world.Fail));
            world.Later(
                soon + (world.Plan.Provider.OutcomeAfter * (1 + world.Random.NextDouble())),
                () => world.Nature.Start(() => DeliverAsync(world, team), world.Fail)
            );
        }
    }

    /// <summary>A moment of the troubled time, early ones more likely than late ones.</summary>
    public static TimeSpan Moment(SimWorld world) =>
        TimeSpan.FromSeconds(
            Math.Pow(world.Plan.Horizon.TotalSeconds, world.Random.NextDouble()) * world.Random.NextDouble()
        );

    private static void ReplaceKey(SimWorld world)
    {
        if (world is { Troubled: true, Portal.Ready: true })
        {
            world.ApiKey = SimPlan.Pick(world.Random, [.. world.Teams.Except(world.OwnTeams).SelectMany(t => t.Keys)]);
            world.CrashAll($"it is started again with the key {world.ApiKey}");
        }
    }

    private static void Set(SimWorld world, string? outage)
    {
        if (world.Troubled)
        {
            world.Outage = outage;
            world.Saw(SimDeed.ProviderAway);
            world.Trace.Add(outage is null ? "the provider is back" : $"the provider is {outage}");
        }
    }

    private static void Tick(SimWorld world, Func<Task> tick)
    {
        if (!world.Troubled)
        {
            return;
        }

        world.Later(
            TimeSpan.FromSeconds(world.Random.Next(1, 20)) + (world.Plan.Horizon * world.Random.NextDouble() / 40),
            () =>
            {
                world.Nature.Start(tick, world.Fail);
                Tick(world, tick);
            }
        );
    }

    private static async Task DeliverAsync(SimWorld world, SimTeam team)
    {
        var now = Instant.Micros(world.Scheduler.Now);
        var due = await team.Emulator.Database.WriteAsync(sql =>
        {
            var found = WebhookQueue.Due(sql, now, 200);
            // Whatever is not delivered now is given up: the share says how much of it comes in at all.
            found.ForEach(item => WebhookQueue.Taken(sql, item, "sent", world.Scheduler.Now));
            return found;
        });
        foreach (var item in due.Where(_ => world.Chance(world.Plan.Events)))
        {
            if (world.Plan.OwnAccounts && world.Random.Next(4) == 0)
            {
                Forge(world, team, item);
            }

            var copies = world.Random.Next(6) == 0 ? 2 : 1;
            for (var copy = 0; copy < copies; copy++)
            {
                var late =
                    world.Random.Next(3) == 0 ? Moment(world) : TimeSpan.FromMilliseconds(world.Random.Next(2000));
                world.Later(late, () => Tell(world, team, item));
            }
        }
    }

    /// <summary>To the address of the installation's account, or to those of all tenants that have this one for themselves.</summary>
    private static void Tell(SimWorld world, SimTeam team, DueEvent item)
    {
        if (team.Tenants.Count == 0)
        {
            Send(world, item, team.WebhookSecret, tenant: null);
        }

        foreach (var tenant in team.Tenants)
        {
            Send(world, item, team.WebhookSecret, tenant);
        }
    }

    /// <summary>Somebody with the secret of an own account says of another account's mail that it came back for good.</summary>
    private static void Forge(SimWorld world, SimTeam team, DueEvent item)
    {
        var forger = SimPlan.Pick(world.Random, [.. world.OwnTeams]);
        if (forger == team || forger.Tenants.Count == 0 || world.RestoredAt is not null)
        {
            return;
        }

        var bounced = item with
        {
            SvixId = "forged-" + item.SvixId,
            Type = "email.bounced",
            Extra = """ "bounce":{"type":"Permanent","message":"Not true."} """,
        };
        Send(world, bounced, forger.WebhookSecret, SimPlan.Pick(world.Random, [.. forger.Tenants]));
    }

    private static void Send(SimWorld world, DueEvent item, string secret, TestTenant? tenant)
    {
        var body = WebhookPayload.Of(item);
        // Signed anew at each attempt, by the portal's idea of the time: what a wrong clock refuses is tested elsewhere.
        var seconds = (world.Scheduler.Now + world.ClockError).ToUnixTimeSeconds();
        var (at, signature) = ($"{seconds}", SvixSignature.Of(secret, item.SvixId, seconds, body));
        world.Do(
            $"event {item.Type} {Encoding.UTF8.GetString(body)[^120..]}",
            async portal =>
            {
                var hook = portal.Get<ReceiveWebhook>();
                var none = CancellationToken.None;
                var receipt = tenant is null
                    ? await hook.ExecuteAsync(item.SvixId, at, signature, body, none)
                    : await hook.ExecuteAsync(tenant.Slug, item.SvixId, at, signature, body, none);
                var stored = tenant is not null && receipt == WebhookReceipt.Stored;
                return world.Note(
                    receipt,
                    stored,
                    item.SvixId.StartsWith("forged-", StringComparison.Ordinal)
                        ? SimDeed.EventForged
                        : SimDeed.OwnEventTaken
                );
            }
        );
    }
}
