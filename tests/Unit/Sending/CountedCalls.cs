using System.Collections.Concurrent;
using Ledgerpost.Sending.Provider;

namespace UnitTests.Sending;

/// <summary>Counts what is under way at one time; accounts may hang until they are given up, or ask for a pause.</summary>
internal sealed class CountedCalls(IMailProvider provider) : IMailProvider
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, int> _of = [];

    /// <summary>Accounts of the calls that were answered, in their order.</summary>
    public ConcurrentQueue<Guid> Made { get; } = [];
    public HashSet<Guid> Hangs { get; } = [];

    /// <summary>So many calls are told to come back later.</summary>
    public ConcurrentDictionary<Guid, int> Limits { get; } = [];
    public int Now { get; set; }
    public int Most { get; private set; }
    public int MostOfOne { get; private set; }

    public async Task<ProviderAnswer> PostAsync(ProviderRequest request, CancellationToken cancellation)
    {
        var account = request.OwnAccountId!.Value;
        lock (_lock)
        {
            _of[account] = _of.GetValueOrDefault(account) + 1;
            Most = Math.Max(Most, ++Now);
            MostOfOne = Math.Max(MostOfOne, _of[account]);
        }

        try
        {
            // Long enough for the others to come too.
            await Task.Delay(Hangs.Contains(account) ? Timeout.Infinite : 5, cancellation);
            if (Limits.TryGetValue(account, out var left) && left > 0)
            {
                Limits[account] = left - 1;
                return new ProviderAnswer.Http(
                    429,
                    """{"statusCode":429,"name":"rate_limit_exceeded","message":"Too many requests."}""",
                    ProviderHeaders.Empty with
                    {
                        RetryAfter = TimeSpan.FromSeconds(2),
                    }
                );
            }

            var answer = await provider.PostAsync(request, cancellation);
            Made.Enqueue(account);
            return answer;
        }
        finally
        {
            lock (_lock)
            {
                _of[account]--;
                Now--;
            }
        }
    }
}
