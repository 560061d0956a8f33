using Ledgerpost.Data;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// Works for many accounts on few places (<see cref="AccountTurns{T}"/>): one loop that waits, whatever their number, and
/// nothing at all for an account that has nothing to do.
/// </summary>
public sealed class AccountPool<T>(int places, int perAccount, TimeProvider time, ILogger logger)
    where T : class
{
    private static readonly TimeSpan LongestNap = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterAnError = TimeSpan.FromSeconds(5);

    private readonly Changed _changed = new();
    private DateTimeOffset _looked;
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _running = [];

    public AccountTurns<T> Turns { get; } = new(places, perAccount);

    /// <summary>To be called after somebody has something to do earlier than was known.</summary>
    public void Changes() => _changed.Raise();

    /// <summary>Another place of the account may begin, not before this instant.</summary>
    public void Begun(AccountTurn<T> turn, DateTimeOffset notBefore)
    {
        Turns.Begun(turn, notBefore);
        Changes();
    }

    /// <summary>Until the host stops, and then until everybody is done.</summary>
    /// <param name="work">Gives its turn back, by <see cref="AccountTurns{T}.Again"/> or <see cref="AccountTurns{T}.Rest"/>, unless it throws.</param>
    public async Task RunAsync(Func<AccountTurn<T>, CancellationToken, Task> work, CancellationToken stopping)
    {
        await Loop.RunAsync(
            _ =>
            {
                while (!stopping.IsCancellationRequested)
                {
                    _looked = time.GetUtcNow();
                    if (Turns.Take(_looked) is not { } turn)
                    {
                        break;
                    }

                    Start(turn, work, stopping);
                }

                return Task.FromResult(false);
            },
            _ => Task.FromResult(Nap()),
            _changed,
            time,
            logger,
            stopping
        );
        Task[] running;
        lock (_lock)
        {
            running = [.. _running];
        }

        await Task.WhenAll(running);
    }

    private TimeSpan Nap()
    {
        // After the last look and not after now: who falls due between the two is looked for at once.
        var wait = Turns.NextAfter(_looked) - time.GetUtcNow() ?? LongestNap;
        // Timers count in whole milliseconds, and cut off the rest.
        return wait >= LongestNap ? LongestNap
            : wait <= TimeSpan.Zero ? TimeSpan.Zero
            : TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
    }

    private void Start(
        AccountTurn<T> turn,
        Func<AccountTurn<T>, CancellationToken, Task> work,
        CancellationToken stopping
    )
    {
        lock (_lock)
        {
            var task = WorkAsync(turn, work, stopping);
            _running.Add(task);
            _running.RemoveWhere(one => one.IsCompleted);
        }
    }

    private async Task WorkAsync(
        AccountTurn<T> turn,
        Func<AccountTurn<T>, CancellationToken, Task> work,
        CancellationToken stopping
    )
    {
        // Gives the loop its thread back: the work is synchronous underneath.
        await Task.Yield();
        try
        {
            await work(turn, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            Turns.Rest(turn, null, failing: false);
        }
        catch (Exception exception)
        {
            // One account's trouble keeps nobody else waiting.
            logger.LogError(
                exception,
                "The work for account {AccountId} failed and goes on in {Pause}.",
                turn.Id,
                AfterAnError
            );
            Turns.Rest(turn, time.GetUtcNow() + AfterAnError, failing: true);
        }

        Changes();
    }

    private sealed class Changed : WakeUp;
}
