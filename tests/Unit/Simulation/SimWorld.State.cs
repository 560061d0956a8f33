using Ledgerpost.Data;
using UnitTests.Support;

namespace UnitTests.Simulation;

/// <summary>What there is in a world, and what is remembered of it for the check at its end.</summary>
internal sealed partial class SimWorld
{
    public Random Random { get; }
    public SimTemplate Template { get; }
    public Relaxation Relaxation { get; }
    public SimScheduler Scheduler { get; }
    public SimTrace Trace { get; }
    public SimPlan Plan { get; }
    public SimOwners Owners { get; }
    public SimIds Ids { get; } = new();
    public string DatabaseFile { get; }

    /// <summary>What happens by itself: never dead.</summary>
    public SimContext Nature { get; }

    public SimContext Provider { get; }
    public List<WirePost> Posts { get; } = [];

    /// <summary>Where the current call's intent had not begun yet, as a step of the world.</summary>
    public AsyncLocal<long> IntentBegan { get; } = new();

    /// <summary>Who must not be mailed any more, and since which step that surely stands in the database.</summary>
    public Dictionary<(Guid Tenant, string Email), long> Barred { get; } = [];

    /// <summary>The same of the deleted, until somebody adds them again.</summary>
    public Dictionary<(Guid Tenant, string Email), long> Deleted { get; } = [];

    /// <summary>How often somebody was about to be added again.</summary>
    public Dictionary<(Guid Tenant, string Email), int> Added { get; } = [];

    /// <summary>What was seen to happen, and how often.</summary>
    public Dictionary<SimDeed, int> Deeds { get; } = [];

    /// <summary>How often each safety mechanism was needed, by portals that have ended.</summary>
    public Dictionary<SafetyMechanism, long> Fired { get; } = [];

    /// <summary>What the next portal is started with.</summary>
    public string ApiKey { get; set; } = SimTemplate.ApiKey;

    public string ApiKeyOfLastStart { get; set; } = SimTemplate.ApiKey;

    /// <summary>An older copy of the database came back then: nothing is launched any more, and what it lacks is a gap.</summary>
    public DateTimeOffset? RestoredAt { get; private set; }

    public int Requests { get; set; }

    /// <summary>How wrong the portal's wall clock is.</summary>
    public TimeSpan ClockError { get; set; }

    /// <summary>What the provider's end does at the moment: unreachable, silent, failing, or null.</summary>
    public string? Outage { get; set; }

    /// <summary>The place of the next crash, once it is due.</summary>
    public string? CrashAt { get; set; }

    /// <summary>The troubles are on.</summary>
    public bool Troubled { get; private set; } = true;

    public TestTenant TenantOf(Guid id) => id == Template.North.Id ? Template.North : Template.South;

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
}
