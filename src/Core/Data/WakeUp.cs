namespace Ledgerpost.Data;

/// <summary>Tells a loop that there may be something to do. It carries no data: whoever wakes looks in the database.</summary>
public abstract class WakeUp
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _next = New();

    public void Raise()
    {
        TaskCompletionSource raised;
        lock (_lock)
        {
            raised = _next;
            _next = New();
        }

        raised.TrySetResult();
    }

    /// <summary>Taken before looking for work, so that a call in between is not lost.</summary>
    public Task Next()
    {
        lock (_lock)
        {
            return _next.Task;
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
