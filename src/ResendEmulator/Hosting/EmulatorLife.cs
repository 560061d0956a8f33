namespace ResendEmulator.Hosting;

/// <summary>The emulator's end, and a signal that a test can wait for: a call has begun to hang.</summary>
public sealed class EmulatorLife : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _hanging = new(0);

    public CancellationToken Stopping => _stopping.Token;

    public void Hanging() => _hanging.Release();

    /// <summary>Completes once for each call that begins to hang.</summary>
    public Task NextHangAsync(CancellationToken cancellationToken) => _hanging.WaitAsync(cancellationToken);

    public void Stop() => _stopping.Cancel();

    public void Dispose()
    {
        _stopping.Dispose();
        _hanging.Dispose();
    }
}
