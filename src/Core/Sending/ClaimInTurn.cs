using Ledgerpost.Senders;

namespace Ledgerpost.Sending;

/// <summary>The workers' way to their next chunk: where calls are far between, only as many claim as can be called for.</summary>
internal sealed class ClaimInTurn(ClaimChunk claim, Pacer pacer, TimeProvider time) : IDisposable
{
    /// <summary>Turns closer together than this are not worth a queue of their own.</summary>
    private static readonly TimeSpan WorthQueueing = TimeSpan.FromMilliseconds(5);

    private readonly SemaphoreSlim _turnstile = new(1);

    public async Task<ClaimedChunk?> ExecuteAsync(
        CurrentAccount account,
        string owner,
        CallPlace place,
        CancellationToken stopping
    )
    {
        if (pacer.Spacing < WorthQueueing)
        {
            return await ClaimAsync(account, owner, stopping);
        }

        // The place first: a turn that was given is not slept through for want of one.
        await place.TakeAsync(stopping);
        // One worker at a time waits for the next number; a herd of them would wake for it and go away again with nothing.
        await _turnstile.WaitAsync(stopping);
        try
        {
            return await ClaimAsync(account, owner, stopping);
        }
        finally
        {
            _turnstile.Release();
        }
    }

    public void Dispose() => _turnstile.Dispose();

    private async Task<ClaimedChunk?> ClaimAsync(CurrentAccount account, string owner, CancellationToken stopping)
    {
        while (true)
        {
            await pacer.UntilAsync(pacer.Room, stopping);
            var chunk = await claim.ExecuteAsync(account.Id, owner, stopping);
            // Another instance may have taken the number that this one waited for.
            if (chunk is not null || pacer.Room <= time.GetUtcNow())
            {
                return chunk;
            }
        }
    }
}
