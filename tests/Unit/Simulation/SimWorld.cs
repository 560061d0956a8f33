using Ledgerpost;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Sending;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Simulation;

/// <summary>One seed's world: portal, provider, network, people and time, from the launch until everything is at rest.</summary>
internal sealed partial class SimWorld : IDisposable
{
    public const string WebhookSecret = "whsec_c2ltdWxhdGlvbi1zZWNyZXQtMDEyMzQ1Njc4OQ==";

    private static readonly string[] CrashPlaces =
    [
        CrashPoints.BeforeIntent,
        CrashPoints.AfterIntent,
        CrashPoints.BeforePost,
        CrashPoints.BeforeSettle,
        CrashPoints.AfterSettle,
        "before-commit",
        "after-commit",
    ];

    private readonly string _folder = SimTemplate.NewFolder();
    private long _crashStep = long.MaxValue;
    private readonly SimPortal?[] _instances;
    private int _portals;
    private int _crashesLeft;
    private Exception? _failure;

    // Of the first portal, and so of all.
    private string? _readers;

    private SimWorld(int seed, Relaxation relaxation)
    {
        Random = new Random(seed);
        Relaxation = relaxation;
        Plan = new SimPlan(Random);
        // A quarter of the worlds, a fifth and a seventh; not drawn, so that the others go on as they are.
        Plan.Instances = seed % 4 == 3 ? 2 + (seed / 4 % 2) : 1;
        Plan.Schedules = seed % 5 == 2;
        Plan.OwnAccounts = seed % 7 == 3;
        relaxation.Shape(Plan);
        Owners = new SimOwners(this);
        _instances = new SimPortal?[Plan.Instances];
        Template = SimTemplate.Of(Plan.Size);
        Scheduler = new SimScheduler(Random, Template.Start);
        Trace = new SimTrace(
            () => Scheduler.Now,
            part =>
            {
                if (part == nameof(Reconciler))
                {
                    Saw(SimDeed.Reconciled);
                }
            }
        );
        Nature = new SimContext(Scheduler, "nature");
        Provider = new SimContext(Scheduler, "provider");
        DatabaseFile = Path.Combine(_folder, "portal.db");
        File.WriteAllBytes(DatabaseFile, Template.File);
        Scheduler.BeforeStep = BeforeStep;
        Scheduler.Stall = Stall;
        Scheduler.DullNaps = Plan.DullNaps * Plan.Instances;
        Scheduler.Doze = TimeSpan.FromMinutes(10) + (Plan.Horizon / 25);
    }

    public static SimReport Run(int seed, Relaxation? relaxation = null)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        string? violation = null;
        var world = new SimWorld(seed, relaxation ?? Relaxation.None);
        try
        {
            using (world)
            {
                world.Live();
            }
        }
        catch (Exception exception)
        {
            violation = exception is SimulationException ? exception.Message : exception.ToString();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        return new SimReport(
            seed,
            world.Plan,
            violation,
            world.Trace.Lines,
            world.Scheduler.Steps,
            world.Posts.Count,
            world.Deeds,
            world.Fired
        );
    }

    public bool Chance(double share) => Troubled && share > 0 && Random.NextDouble() < share;

    public void Saw(SimDeed deed) => Deeds[deed] = Deeds.GetValueOrDefault(deed) + 1;

    /// <summary>Counts a deed that was done, and tells what came of it.</summary>
    public string Note(object result, bool done, SimDeed deed)
    {
        if (done)
        {
            Saw(deed);
        }

        return $"{result}";
    }

    public void Later(TimeSpan delay, Action action) => Scheduler.After(Nature, delay, action);

    public void Fail(Exception exception) => _failure ??= exception;

    /// <summary>Runs an action in the portal as if a page called it; it is gone with the portal.</summary>
    public void Do(string what, Func<SimPortal, Task<string>> action)
    {
        if (Reached() is not { } portal)
        {
            return;
        }

        Scheduler.Interesting();
        portal.Context.Start(
            async () => Trace.Add($"{what}: {await action(portal)}"),
            failed => Trace.Add($"{what}: {failed.GetType().Name} {failed.Message}")
        );
    }

    public void Dispose()
    {
        foreach (var portal in _instances.OfType<SimPortal>())
        {
            End(portal);
        }

        ClearPool();
        Directory.Delete(_folder, recursive: true);
    }

    private void End(SimPortal portal)
    {
        portal.Context.Dead = true;
        foreach (var count in portal.Db.Safety.Read().Where(count => count.Count > 0))
        {
            Fired[count.Mechanism] = Fired.GetValueOrDefault(count.Mechanism) + count.Count;
        }

        // A meter is in a list of the whole process until then, and with it the whole world.
        portal.Db.Safety.Dispose();
    }

    private void Live()
    {
        Trace.Add($"plan: {Plan}");
        StartProvider();
        for (var slot = 0; slot < _instances.Length; slot++)
        {
            StartPortal(slot);
        }

        Turn(() => AllReady, TimeSpan.FromHours(2));
        _crashesLeft = Plan.Crashes;
        PlanCrash();
        var people = new SimPeople(this);
        people.Begin();
        SimNature.Begin(this);
        Turn(() => false, Plan.Horizon);
        Calm();
        people.SettleEverything();
        SimCheck.Everything(this);
    }

    public void Turn(Func<bool> holds, TimeSpan atMost)
    {
        Scheduler.RunUntil(() => _failure is not null || holds(), Scheduler.Now + atMost, 200_000);
        if (_failure is { } failure)
        {
            throw new SimulationException($"The world itself failed: {failure}");
        }
    }

    private void Calm()
    {
        Trace.Add("the troubles are over");
        Scheduler.Doze = TimeSpan.FromHours(5);
        // Each of several instances takes its naps, and one that has work must come to it between those of the others.
        Scheduler.DullNaps = 2 * Plan.Instances;
        Troubled = false;
        Outage = null;
        ClockError = TimeSpan.Zero;
        CrashAt = null;
        _crashStep = long.MaxValue;
        HealProvider();
        Turn(() => AllReady, TimeSpan.FromDays(3));
        // Whoever still wanted to launch has done so.
        Turn(() => false, TimeSpan.FromMinutes(5));
    }

    private void StartPortal(int slot)
    {
        var portal = new SimPortal(this, ++_portals, slot);
        _instances[slot] = portal;
        _readers ??= SqliteTemplate.ReadersOf(portal.Db);
        Trace.Add($"portal {_portals} starts");
        Scheduler.Interesting();
        PlanCrash();
    }

    private void PlanCrash()
    {
        if (Troubled && _crashesLeft > 0)
        {
            _crashesLeft--;
            _crashStep = Scheduler.Steps + Random.Next(1, 2 * Plan.CrashSteps);
        }
    }

    private void BeforeStep(SimContext context)
    {
        if (Scheduler.Steps < _crashStep || PortalOf(context) is not { } portal)
        {
            return;
        }

        _crashStep = long.MaxValue;
        if (Random.Next(3) == 0)
        {
            Crash(portal, "between two steps");
        }
        else
        {
            CrashAt = SimPlan.Pick(Random, CrashPlaces);
        }
    }

    private TimeSpan? Stall(SimContext context)
    {
        if (context.StoppedUntil > Scheduler.Now)
        {
            return context.StoppedUntil - Scheduler.Now;
        }

        if (PortalOf(context) is null || !Chance(Plan.Stall))
        {
            return null;
        }

        Saw(SimDeed.Stalled);
        return TimeSpan.FromSeconds(SimPlan.Pick(Random, 1, 20, 45, 130, 130, 400, 4000));
    }
}
