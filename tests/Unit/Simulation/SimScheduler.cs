using System.Runtime.ExceptionServices;

namespace UnitTests.Simulation;

/// <summary>
/// The one thread on which a simulated world happens. Whoever may go on is drawn by the seed, and time passes only while
/// nobody can. It is an error for anything to come back on another thread: then the seed would not decide any more.
/// </summary>
internal sealed class SimScheduler
{
    private readonly Random _random;
    private readonly List<(SimContext Context, SendOrPostCallback Callback, object? State)> _ready = [];
    private readonly PriorityQueue<SimTimer, (long Due, long Order)> _timers = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private volatile Exception? _fault;
    private long _order;
    private int _dull;

    public SimScheduler(Random random, DateTimeOffset start)
    {
        _random = random;
        Now = start;
    }

    /// <summary>The true time, which no clock of the world has to show.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>Continuations run so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Waiting for a turn is no boredom: short naps weigh little.</summary>
    private static readonly long Short = TimeSpan.FromSeconds(2).Ticks;

    private const int LongNapWeighs = 4;

    /// <summary>After so many long naps in a row in which nothing happened, time takes larger steps.</summary>
    public int DullNaps { get; set; }

    /// <summary>How long a machine sleeps on which nothing happens.</summary>
    public TimeSpan Doze { get; set; }

    /// <summary>Asked before each continuation; true and it waits for that long instead, as in a stalled process.</summary>
    public Func<SimContext, TimeSpan?> Stall { get; set; } = _ => null;

    /// <summary>Told before each continuation of a portal.</summary>
    public Action<SimContext> BeforeStep { get; set; } = _ => { };

    /// <summary>Something worth watching happened: time goes on in small steps.</summary>
    public void Interesting() => _dull = 0;

    public void Post(SimContext context, SendOrPostCallback callback, object? state)
    {
        if (CheckThread(state) && !context.Dead)
        {
            _ready.Add((context, callback, state));
        }
    }

    public ITimer CreateTimer(SimContext context, TimerCallback callback, object? state, TimeSpan due, bool script)
    {
        CheckThread();
        var timer = new SimTimer(this, context, callback, state, script);
        timer.Change(due, Timeout.InfiniteTimeSpan);
        return timer;
    }

    /// <summary>Runs an action of the world itself, outside every context, at its time.</summary>
    public void After(SimContext context, TimeSpan delay, Action action) =>
        CreateTimer(context, _ => action(), null, delay, script: true);

    /// <summary>Until the condition holds, or nothing can happen any more, or the time is over.</summary>
    /// <returns>Whether the condition holds.</returns>
    public bool RunUntil(Func<bool> holds, DateTimeOffset end, long mostSteps)
    {
        var last = Steps + mostSteps;
        while (!holds())
        {
            if (_fault is { } fault)
            {
                ExceptionDispatchInfo.Throw(fault);
            }

            if (Steps > last)
            {
                throw new SimulationException($"The world does not come to rest within {mostSteps} steps.");
            }

            if (_ready.Count > 0)
            {
                Step();
            }
            else if (!Advance(end))
            {
                return holds();
            }
        }

        return true;
    }

    /// <summary>Whoever comes from elsewhere is noted, and the world ends at its next step: an exception there would end the process.</summary>
    public bool CheckThread(object? what = null)
    {
        if (Environment.CurrentManagedThreadId == _thread)
        {
            return true;
        }

        _fault ??= new SimulationException(
            $"Something left the scheduler, {(what as Delegate)?.Target}:\n{Environment.StackTrace}"
        );
        return false;
    }

    private void Step()
    {
        var index = _random.Next(_ready.Count);
        var (context, callback, state) = _ready[index];
        _ready[index] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        if (context.Dead)
        {
            return;
        }

        if (Stall(context) is { } pause)
        {
            After(context, pause, () => Post(context, callback, state));
            return;
        }

        BeforeStep(context);
        if (context.Dead)
        {
            return;
        }

        Steps++;
        Run(context, () => callback(state));
    }

    /// <summary>The next timers fire; all that are due together, so that the seed decides their order.</summary>
    private bool Advance(DateTimeOffset end)
    {
        while (_timers.TryPeek(out var dead, out var key) && !dead.IsDueAt(key.Due, key.Order))
        {
            _timers.Dequeue();
        }

        if (!_timers.TryPeek(out _, out var first))
        {
            return false;
        }

        var target = Math.Max(first.Due, Now.UtcTicks);
        _dull += target - Now.UtcTicks < Short ? 1 : LongNapWeighs;
        if (_dull > DullNaps * LongNapWeighs)
        {
            // A machine that dozes: its naps end late, which is nobody's failure. The world's own events keep their time.
            var script = _timers
                .UnorderedItems.Where(item =>
                    item.Element.Script && item.Element.IsDueAt(item.Priority.Due, item.Priority.Order)
                )
                .Select(item => item.Priority.Due)
                .DefaultIfEmpty(long.MaxValue)
                .Min();
            target = Math.Max(target, Math.Min(script, Now.UtcTicks + Doze.Ticks));
        }

        if (target > end.UtcTicks)
        {
            Now = end;
            return false;
        }

        Now = new DateTimeOffset(target, TimeSpan.Zero);
        while (_timers.TryPeek(out var timer, out var key) && key.Due <= target)
        {
            _timers.Dequeue();
            if (timer.IsDueAt(key.Due, key.Order))
            {
                timer.Disarm();
                if (!timer.Script && timer.Context.StoppedUntil > Now)
                {
                    timer.Change(timer.Context.StoppedUntil - Now, Timeout.InfiniteTimeSpan);
                }
                else if (!timer.Context.Dead)
                {
                    // Without a context: what awaits with one is posted to it, and library code goes on right here.
                    Run(null, timer.Fire);
                }
            }
        }

        return true;
    }

    private void Run(SimContext? context, Action action)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        try
        {
            action();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private sealed class SimTimer(
        SimScheduler scheduler,
        SimContext context,
        TimerCallback callback,
        object? state,
        bool script
    ) : ITimer
    {
        private (long Due, long Order)? _due;

        public SimContext Context => context;

        public bool Script => script;

        public bool IsDueAt(long due, long order) => _due == (due, order);

        public void Disarm() => _due = null;

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            scheduler.CheckThread();
            if (period != Timeout.InfiniteTimeSpan && period != TimeSpan.Zero)
            {
                throw new SimulationException("Periodic timers are not simulated.");
            }

            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                _due = null;
                return true;
            }

            _due = (scheduler.Now.UtcTicks + dueTime.Ticks, ++scheduler._order);
            scheduler._timers.Enqueue(this, _due.Value);
            return true;
        }

        public void Dispose() => _due = null;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
