using Ledgerpost.Data;

namespace UnitTests.Sending;

/// <summary>
/// Holds one commit just before it is made; those after it pass. What runs meanwhile runs beside an open transaction on
/// PostgreSQL, and waits for it on SQLite.
/// </summary>
internal sealed class HeldCommits : StorageFaults, IDisposable
{
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _released = new();
    private int _left;

    /// <param name="after">So many commits pass first.</param>
    public void HoldNext(int after = 0) => _left = after + 1;

    public Task HeldAsync() => _held.Task.WaitAsync(TimeSpan.FromSeconds(30));

    public void Release() => _released.Set();

    /// <summary>Holds a commit of the first until the second has run beside it, or waits for it; ends when both have.</summary>
    /// <param name="after">So many commits of the first pass.</param>
    public async Task BesideAsync(Func<Task> first, Func<Task> second, int after = 0)
    {
        HoldNext(after);
        var held = Task.Run(first);
        await HeldAsync();
        var other = Task.Run(second);
        // Who waits within the database has no way to say so.
        await Task.Delay(300);
        Release();
        await Task.WhenAll(held, other);
    }

    public override void BeforeCommit()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _held.SetResult();
            _released.Wait(TimeSpan.FromSeconds(30));
        }
    }

    public void Dispose() => _released.Dispose();
}
