using Ledgerpost;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Sending;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using ResendEmulator.Hosting;

namespace UnitTests.Simulation;

/// <summary>One seed's world: portal, provider, network, people and time, from the launch until everything is at rest.</summary>
internal sealed class SimWorld : IDisposable
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
    private int _portals;
    private int _crashesLeft;
    private Exception? _failure;

    private SimWorld(int seed, SimTemplate template, Relaxation relaxation)
    {
        Random = new Random(seed);
        Template = template;
        Relaxation = relaxation;
        Scheduler = new SimScheduler(Random, template.Start);
        Trace = new SimTrace(() => Scheduler.Now);
        Plan = new SimPlan(Random);
        relaxation.Shape(Plan);
        Nature = new SimContext(Scheduler, "nature");
        Provider = new SimContext(Scheduler, "provider");
        DatabaseFile = Path.Combine(_folder, "portal.db");
        File.WriteAllBytes(DatabaseFile, template.File);
        Scheduler.BeforeStep = BeforeStep;
        Scheduler.Stall = Stall;
        Scheduler.Doze = TimeSpan.FromMinutes(10) + (Plan.Horizon / 25);
    }

    public Random Random { get; }
    public SimTemplate Template { get; }
    public Relaxation Relaxation { get; }
    public SimScheduler Scheduler { get; }
    public SimTrace Trace { get; }
    public SimPlan Plan { get; }
    public SimIds Ids { get; } = new();
    public string DatabaseFile { get; }

    /// <summary>What happens by itself: never dead.</summary>
    public SimContext Nature { get; }

    public SimContext Provider { get; }
    public EmulatorInProcess Emulator { get; private set; } = null!;
    public List<WirePost> Posts { get; } = [];

    /// <summary>Since when, in true time, an address is surely on its tenant's list.</summary>
    public Dictionary<(Guid Tenant, string Email), DateTimeOffset> Unsubscribed { get; } = [];

    public int Requests { get; set; }

    /// <summary>Null while it is down.</summary>
    public SimPortal? Portal { get; private set; }

    /// <summary>How wrong the portal's wall clock is.</summary>
    public TimeSpan ClockError { get; set; }

    /// <summary>What the provider's end does at the moment: unreachable, silent, failing, or null.</summary>
    public string? Outage { get; set; }

    /// <summary>The place of the next crash, once it is due.</summary>
    public string? CrashAt { get; set; }

    /// <summary>The troubles are on.</summary>
    public bool Troubled { get; private set; } = true;

    public static SimReport Run(int seed, Relaxation? relaxation = null)
    {
        var template = SimTemplate.Instance.GetAwaiter().GetResult();
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        using var world = new SimWorld(seed, template, relaxation ?? Relaxation.None);
        string? violation = null;
        try
        {
            world.Live();
        }
        catch (Exception exception)
        {
            violation = exception is SimulationException ? exception.Message : exception.ToString();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        return new SimReport(seed, world.Plan, violation, world.Trace.Lines, world.Scheduler.Steps, world.Posts.Count);
    }

    public bool Chance(double share) => Troubled && share > 0 && Random.NextDouble() < share;

    public void Later(TimeSpan delay, Action action) => Scheduler.After(Nature, delay, action);

    public void Fail(Exception exception) => _failure ??= exception;

    /// <summary>The process dies: what is not committed is lost, and nobody hears of it any more.</summary>
    public void Crash(string where)
    {
        if (Portal is not { } portal)
        {
            return;
        }

        Trace.Add($"portal {portal.Number} dies: {where}");
        portal.Context.Dead = true;
        Portal = null;
        CrashAt = null;
        _crashStep = long.MaxValue;
        var down = Troubled
            ? SimPlan.Pick(
                Random,
                TimeSpan.FromSeconds(1),
                TimeSpan.FromSeconds(20),
                TimeSpan.FromMinutes(5),
                TimeSpan.FromHours(2),
                Plan.Horizon / 2
            )
            : TimeSpan.FromSeconds(1);
        Later(down, StartPortal);
    }

    /// <summary>Runs an action in the portal as if a page called it; it is gone with the portal.</summary>
    public void Do(string what, Func<SimPortal, Task<string>> action)
    {
        if (Portal is not { Ready: true } portal)
        {
            return;
        }

        Scheduler.Interesting();
        portal.Context.Start(
            async () => Trace.Add($"{what}: {await action(portal)}"),
            failed => Trace.Add($"{what}: {failed.GetType().Name} {failed.Message}")
        );
    }

    /// <summary>A read for the world's own use, beside everything.</summary>
    public T Look<T>(Func<PortalDbContext, Task<T>> query)
    {
        using var db = Portal!.Db.Read(TenantScope.Installation);
        var task = query(db);
        return task.IsCompleted
            ? task.GetAwaiter().GetResult()
            : throw new SimulationException("A read did not complete.");
    }

    /// <summary>Lets the world turn until one piece of work is done.</summary>
    public T Await<T>(SimContext context, Func<Task<T>> work)
    {
        var (done, result) = (false, default(T)!);
        context.Start(
            async () =>
            {
                result = await work();
                done = true;
            },
            Fail
        );
        Turn(() => done, TimeSpan.FromMinutes(1));
        return done ? result : throw new SimulationException("Something that must complete did not.");
    }

    public void Dispose()
    {
        if (Portal is { } portal)
        {
            portal.Context.Dead = true;
        }

        using (var pool = new SqliteConnection($"Data Source={DatabaseFile}"))
        {
            SqliteConnection.ClearPool(pool);
        }

        Directory.Delete(_folder, recursive: true);
    }

    private void Live()
    {
        Trace.Add($"plan: {Plan}");
        StartProvider();
        StartPortal();
        Turn(() => Portal is { Ready: true }, TimeSpan.FromHours(2));
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
        Scheduler.Doze = TimeSpan.FromMinutes(90);
        Troubled = false;
        Outage = null;
        ClockError = TimeSpan.Zero;
        CrashAt = null;
        _crashStep = long.MaxValue;
        Emulator.Faults.Set([]);
        Emulator.Control.Behaviour = Emulator.Control.Behaviour with { DailyQuota = 0 };
        Turn(() => Portal is { Ready: true }, TimeSpan.FromDays(3));
        // Whoever still wanted to launch has done so.
        Turn(() => false, TimeSpan.FromMinutes(5));
    }

    private void StartProvider()
    {
        var options = new EmulatorOptions
        {
            TimeProvider = new SimTime(Scheduler, Provider, () => TimeSpan.Zero),
            Scheduler = Provider.Tasks,
            Seed = Random.Next(),
            Behaviour = Plan.Provider,
            WebhookUrl = "http://portal.test/webhooks/resend",
            WebhookSecret = WebhookSecret,
        };
        options.VerifiedDomains.Clear();
        options.VerifiedDomains.Add("north.test");
        options.VerifiedDomains.Add("south.test");
        Emulator = Await(Provider, () => EmulatorInProcess.StartAsync(options, NullLoggerFactory.Instance));
    }

    private void StartPortal()
    {
        Portal = new SimPortal(this, ++_portals);
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
        if (Scheduler.Steps < _crashStep || !ReferenceEquals(context, Portal?.Context))
        {
            return;
        }

        _crashStep = long.MaxValue;
        if (Random.Next(3) == 0)
        {
            Crash("between two steps");
        }
        else
        {
            CrashAt = SimPlan.Pick(Random, CrashPlaces);
        }
    }

    private TimeSpan? Stall(SimContext context) =>
        ReferenceEquals(context, Portal?.Context) && Chance(Plan.Stall)
            ? TimeSpan.FromSeconds(SimPlan.Pick(Random, 1, 20, 45, 130, 130, 400, 4000))
            : null;
}
