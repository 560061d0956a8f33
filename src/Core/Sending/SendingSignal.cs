namespace Ledgerpost.Sending;

/// <summary>Wakes the workers when there may be something to do: after a launch, a resume, a continue.</summary>
public sealed class SendingSignal
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _due = New();

    public void WorkIsDue()
    {
        TaskCompletionSource due;
        lock (_lock)
        {
            due = _due;
            _due = New();
        }

        due.TrySetResult();
    }

    /// <summary>Taken before looking for work, so that a signal in between is not lost.</summary>
    public Task Next()
    {
        lock (_lock)
        {
            return _due.Task;
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
