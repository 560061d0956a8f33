using System.Net.Http.Headers;
using Ledgerpost.Data;

namespace Ledgerpost.Sending.Provider;

/// <summary>One POST to the provider: exactly these bytes, once.</summary>
public interface IMailProvider
{
    /// <summary>Never retries, never follows a redirect, and never throws for what the network or the provider does.</summary>
    /// <exception cref="OperationCanceledException">The host stops; what became of the call is not known.</exception>
    Task<ProviderAnswer> PostAsync(ProviderRequest request, CancellationToken cancellation);

    /// <summary>Whether there is a key for it: asked before the intent, so that nothing comes into doubt for want of one.</summary>
    /// <param name="ownAccountId">The tenant's own account; null for the installation's.</param>
    ValueTask<bool> HasKeyAsync(Guid? ownAccountId, CancellationToken cancellation) => ValueTask.FromResult(true);
}

/// <param name="BaseUrl">Without a slash at its end.</param>
/// <param name="Path"><c>/emails/batch</c> or <c>/emails</c>.</param>
/// <param name="Key">The idempotency key, 1 to 256 characters.</param>
/// <param name="NotAfter">
/// After it the body may not be written to the socket any more: checked a last time there, since a machine may sleep
/// between the intent and the write.
/// </param>
public sealed record ProviderRequest(
    string BaseUrl,
    string Path,
    string Key,
    ReadOnlyMemory<byte> Body,
    Deadline NotAfter
)
{
    /// <summary>The tenant's own account whose key it is sent with; null for the installation's.</summary>
    public Guid? OwnAccountId { get; init; }
}

/// <summary>
/// An instant on every clock there is, over with the first: the one that counts time stands still while a machine sleeps, and
/// with it the time that is counted from a database's clock; the machine's own wall clock goes on then, and may be set back.
/// </summary>
/// <param name="Effective">By the time that everything else is decided by.</param>
/// <param name="Machine">By the machine's wall clock (<see cref="Clocks.MachineNow"/>).</param>
public sealed record Deadline(long Timestamp, DateTimeOffset Effective, DateTimeOffset Machine)
{
    public static Deadline In(TimeProvider time, TimeSpan span) =>
        new(
            time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency),
            time.GetUtcNow() + span,
            time.MachineNow() + span
        );

    public bool IsOver(TimeProvider time) =>
        time.GetTimestamp() > Timestamp || time.GetUtcNow() > Effective || time.MachineNow() > Machine;
}

/// <summary>What came back, before anybody has judged what it proves.</summary>
public abstract record ProviderAnswer
{
    private ProviderAnswer() { }

    /// <summary>A whole answer, at most 1 MiB of it.</summary>
    public sealed record Http(int Status, string Body, ProviderHeaders Headers) : ProviderAnswer;

    /// <summary>Timeout, cut connection, unreadable or oversized answer.</summary>
    public sealed record None(string Why) : ProviderAnswer;

    /// <summary>Nothing of the body was written.</summary>
    public sealed record NotSent(NotSentFor For) : ProviderAnswer;
}

/// <summary>Why nothing was written.</summary>
public enum NotSentFor
{
    /// <summary>It was too late to start.</summary>
    TooLate,

    /// <summary>The own account's key is gone, or cannot be read here.</summary>
    NoKey,
}

/// <summary>The headers that the engine reads.</summary>
/// <param name="RateLimit">Calls allowed in a window, from <c>ratelimit-limit</c>.</param>
/// <param name="RateWindow">Length of that window, from <c>ratelimit-policy</c> (<c>10;w=1</c>), else one second.</param>
public sealed record ProviderHeaders(int? RateLimit, TimeSpan? RateWindow, TimeSpan? RetryAfter, DateTimeOffset? Date)
{
    /// <summary>Calls left in the window that this one counted in, from <c>ratelimit-remaining</c>.</summary>
    public int? RateRemaining { get; init; }

    public static ProviderHeaders Empty { get; } = new(null, null, null, null);

    public static ProviderHeaders Read(HttpResponseHeaders headers)
    {
        return new ProviderHeaders(
            Number(headers, "ratelimit-limit"),
            Window(headers),
            Number(headers, "retry-after") is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            headers.Date
        )
        {
            RateRemaining = Number(headers, "ratelimit-remaining"),
        };
    }

    private static int? Number(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values)
        && int.TryParse(values.FirstOrDefault(), System.Globalization.CultureInfo.InvariantCulture, out var number)
        && number >= 0
            ? number
            : null;

    private static TimeSpan? Window(HttpResponseHeaders headers)
    {
        if (!headers.TryGetValues("ratelimit-policy", out var values))
        {
            return null;
        }

        var part = (values.FirstOrDefault() ?? "")
            .Split(';', StringSplitOptions.TrimEntries)
            .FirstOrDefault(item => item.StartsWith("w=", StringComparison.Ordinal));
        return
            int.TryParse(part?[2..], System.Globalization.CultureInfo.InvariantCulture, out var seconds) && seconds > 0
            ? TimeSpan.FromSeconds(seconds)
            : null;
    }
}
