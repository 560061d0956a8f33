namespace Ledgerpost.Sending;

/// <summary>A worker's place among the calls that this process makes at one time (<c>Sending:MaxConcurrency</c>): taken once, given back once.</summary>
internal sealed class CallPlace(SemaphoreSlim places) : IDisposable
{
    private bool _taken;

    /// <summary>Waits until one is free; nothing when it has been taken already.</summary>
    public async Task TakeAsync(CancellationToken stopping)
    {
        if (!_taken)
        {
            await places.WaitAsync(stopping);
            _taken = true;
        }
    }

    public void Release()
    {
        if (_taken)
        {
            _taken = false;
            places.Release();
        }
    }

    public void Dispose() => Release();
}
