using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;

namespace UnitTests.Model;

/// <summary>What comes back to a worker, and what the product's own rules make of it.</summary>
internal enum Answer : byte
{
    /// <summary>A timeout or a cut connection.</summary>
    Nothing,
    Ids,
    RateLimited,
    BadContent,

    /// <summary>503, before or after the provider has taken the mail.</summary>
    Unavailable,
    Concurrent,
    KeyMismatch,
    TooLate,
}

internal static class Answers
{
    // The answers as they come over the wire, judged once by the engine's classifier: a model cannot judge otherwise.
    private static readonly Outcome[] Outcomes =
    [
        Judge(new ProviderAnswer.None("timeout")),
        Judge(Http(200, """{"data":[{"id":"a"}]}""")),
        Judge(Http(429, """{"statusCode":429,"name":"rate_limit_exceeded","message":"Too many"}""")),
        Judge(Http(422, """{"statusCode":422,"name":"validation_error","message":"Invalid `to`"}""")),
        Judge(Http(503, """{"statusCode":503,"name":"application_error","message":"Sorry"}""")),
        Judge(Http(409, """{"statusCode":409,"name":"concurrent_idempotent_requests","message":"Running"}""")),
        Judge(Http(409, """{"statusCode":409,"name":"invalid_idempotent_request","message":"Other body"}""")),
        Judge(new ProviderAnswer.NotSent(NotSentFor.TooLate)),
    ];

    private static readonly Proof[] Clean = [.. Outcomes.Select(outcome => Protocol.Proves(outcome, true))];
    private static readonly Proof[] Doubtful = [.. Outcomes.Select(outcome => Protocol.Proves(outcome, false))];

    /// <summary>Rule 4, as the engine applies it.</summary>
    public static Proof Proves(this Answer answer, bool cleanHistory) => (cleanHistory ? Clean : Doubtful)[(int)answer];

    private static Outcome Judge(ProviderAnswer answer) => AnswerClassifier.Classify(answer, 1);

    private static ProviderAnswer.Http Http(int status, string body) => new(status, body, ProviderHeaders.Empty);
}
