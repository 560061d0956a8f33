using Ledgerpost.Sending.Provider;

namespace Ledgerpost.Sending;

/// <summary>What an answer says, judged in one place: <see cref="AnswerClassifier"/>. A closed set.</summary>
public abstract record Outcome
{
    private Outcome() { }

    /// <summary>All mails are with the provider; one id for each, in their order.</summary>
    public sealed record Accepted(IReadOnlyList<string> ProviderIds) : Outcome;

    /// <summary>The provider's own JSON says no. Whether that proves anything depends on the chunk's history.</summary>
    public sealed record Refusal(RefusalKind Kind, string? Name, string Message, TimeSpan? RetryAfter) : Outcome;

    /// <summary>409: a call with this key is still running, or the resource is locked. Wait, same key.</summary>
    public sealed record Busy(string? Name, string Message) : Outcome;

    /// <summary>409: this key was used for other bytes.</summary>
    public sealed record KeyMismatch(string Message) : Outcome;

    /// <summary>Nothing is proven: 5xx, timeouts, cut connections, unreadable, short or surprising answers.</summary>
    public sealed record Ambiguous(string Message) : Outcome;

    /// <summary>The body was not written. The intent stands, so the same bytes go out again.</summary>
    public sealed record NotSent(NotSentFor For) : Outcome;
}

/// <summary>What a refusal is about.</summary>
public enum RefusalKind
{
    /// <summary>This content: 400, 404, 405, 413, 422.</summary>
    Content,

    /// <summary>Too early: 429 rate_limit_exceeded.</summary>
    Rate,
    DailyQuota,
    MonthlyQuota,

    /// <summary>401, and 403 for a suspended or restricted key.</summary>
    Key,

    /// <summary>403: the sending domain.</summary>
    Sender,
}
