namespace ResendEmulator.Hosting;

/// <summary>The emulator's end and its healing, and a signal that a test can wait for: a call has begun to hang.</summary>
public sealed class EmulatorLife : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _hanging = new(0);
    private CancellationTokenSource _healing;

    public EmulatorLife() => _healing = NextHealing();

    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Ends the delays of the faults of now: they are healed, or the emulator stops.</summary>
    public CancellationToken Healing => Volatile.Read(ref _healing).Token;

    public Task HealAsync() => Interlocked.Exchange(ref _healing, NextHealing()).CancelAsync();

    public void Hanging() => _hanging.Release();

    /// <summary>Completes once for each call that begins to hang.</summary>
    public Task NextHangAsync(CancellationToken cancellationToken) => _hanging.WaitAsync(cancellationToken);

    public void Stop() => _stopping.Cancel();

    public void Dispose()
    {
        _healing.Dispose();
        _stopping.Dispose();
        _hanging.Dispose();
    }

    private CancellationTokenSource NextHealing() => CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
}
