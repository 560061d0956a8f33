using Ledgerpost.Sending;
using Ledgerpost.Webhooks;

namespace UnitTests.Simulation;

/// <summary>Several instances on one database, each with its own memory; as on PostgreSQL, but a transaction runs alone.</summary>
internal sealed partial class SimWorld
{
    /// <summary>One that answers; else one that is being started; null while all are down.</summary>
    public SimPortal? Portal =>
        Array.Find(_instances, portal => portal is { Ready: true })
        ?? Array.Find(_instances, portal => portal is not null);

    private bool AllReady => Array.TrueForAll(_instances, portal => portal is { Ready: true });

    /// <summary>A call that another began, who is alive still.</summary>
    public void NoteRepeat(string key, int number)
    {
        if (
            Posts.FindLast(post => post.Key == key) is { } last
            && last.Portal != number
            && Array.Exists(_instances, portal => portal?.Number == last.Portal)
        )
        {
            Saw(SimDeed.RepeatedByAnother);
        }
    }

    /// <summary>All processes die, and what starts again is what there is then.</summary>
    public void CrashAll(string where)
    {
        foreach (var portal in _instances.OfType<SimPortal>())
        {
            Crash(portal, where);
        }
    }

    /// <summary>The process dies: what is not committed is lost, and nobody hears of it any more.</summary>
    public void Crash(SimPortal portal, string where)
    {
        if (_instances[portal.Slot] != portal)
        {
            return;
        }

        Saw(SimDeed.Crashed);
        Trace.Add($"portal {portal.Number} dies: {where}");
        End(portal);
        _instances[portal.Slot] = null;
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
        Later(down, () => StartPortal(portal.Slot));
    }

    /// <summary>What is raised in one wakes the others, unless the hint is lost.</summary>
    public void Hint(SimPortal from, Action<SimPortal> raise)
    {
        foreach (var other in _instances.Where(portal => portal is { Ready: true } && portal != from))
        {
            if (Random.Next(4) > 0)
            {
                Later(
                    TimeSpan.FromMilliseconds(Random.Next(1, 200)),
                    () =>
                    {
                        if (!other!.Context.Dead)
                        {
                            raise(other);
                        }
                    }
                );
            }
        }
    }

    /// <summary>One process stands still, longer than a lease as a rule, and the others do not.</summary>
    public void StopOne()
    {
        var running = _instances.Where(portal => portal is { Ready: true }).ToList();
        if (!Troubled || running.Count < 2)
        {
            return;
        }

        var portal = running[Random.Next(running.Count)]!;
        var pause = TimeSpan.FromSeconds(SimPlan.Pick(Random, 20, 130, 130, 400, 4000));
        portal.Context.StoppedUntil = Scheduler.Now + pause;
        Saw(SimDeed.InstanceStopped);
        Trace.Add($"portal {portal.Number} stands still for {pause}");
        Scheduler.Interesting();
    }

    private SimPortal? PortalOf(SimContext context) =>
        Array.Find(_instances, portal => ReferenceEquals(portal?.Context, context));

    /// <summary>The instance that a request reaches; null while none answers.</summary>
    private SimPortal? Reached()
    {
        var ready = _instances.Where(portal => portal is { Ready: true }).ToList();
        return ready.Count > 1 ? ready[Random.Next(ready.Count)] : ready.SingleOrDefault();
    }
}
