namespace UnitTests.Simulation;

/// <summary>One process of the world. Dead, it runs nothing any more: what it had in hand is dropped where it stood.</summary>
internal sealed class SimContext(SimScheduler scheduler, string name) : SynchronizationContext
{
    public string Name => name;

    public bool Dead { get; set; }

    /// <summary>It stands still until then; what it was told and what fell due meanwhile waits.</summary>
    public DateTimeOffset StoppedUntil { get; set; }

    public TaskScheduler Tasks => field ??= new OnThisContext(this);

    public override void Post(SendOrPostCallback d, object? state) => scheduler.Post(this, d, state);

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new SimulationException("Nobody may wait for another by blocking.");

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Starts an asynchronous piece of this process' work.</summary>
    public void Start(Func<Task> work, Action<Exception> failed) => Post(_ => Observe(work(), failed), null);

    private static async void Observe(Task task, Action<Exception> failed)
    {
        try
        {
            await task;
        }
        catch (Exception exception)
        {
            failed(exception);
        }
    }

    private sealed class OnThisContext(SimContext context) : TaskScheduler
    {
        protected override IEnumerable<Task> GetScheduledTasks() => [];

        protected override void QueueTask(Task task) => context.Post(_ => TryExecuteTask(task), null);

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;
    }
}

/// <summary>A process' clock: the wall's may be wrong, the counting one is not.</summary>
internal sealed class SimTime(SimScheduler scheduler, SimContext context, Func<TimeSpan> error) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        scheduler.CheckThread();
        return scheduler.Now + error();
    }

    public override long GetTimestamp() => scheduler.Now.UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        scheduler.CreateTimer(context, callback, state, dueTime, script: false);
}

/// <summary>The simulation found something wrong.</summary>
internal sealed class SimulationException(string message) : Exception(message);
