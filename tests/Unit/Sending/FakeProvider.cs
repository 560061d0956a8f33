using System.Text.Json;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;

namespace UnitTests.Sending;

/// <summary>
/// The provider in memory, by the rules that the protocol leans on: a key within 24 hours answers with the first ids and
/// sends nothing, other bytes under it are a mismatch. Each call may be given a fault; what was mailed is what counts.
/// </summary>
public sealed class FakeProvider(TimeProvider time) : IMailProvider
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (string Hash, DateTimeOffset At, string Answer)> _keys = [];
    private readonly Queue<Fault> _script = new();
    private int _ids;

    public enum Fault
    {
        None,
        RateLimited,
        DailyQuota,
        MonthlyQuota,
        KeyRevoked,
        DomainNotVerified,
        BadAddress,
        ErrorBeforeAcceptance,
        ErrorAfterAcceptance,
        LostRequest,
        LostAnswer,
        ShortAnswer,
        Html,
        HtmlRefusal,
        Concurrent,
        Locked,
        Mismatch,
        TooLate,
        NoKey,
        Crash,
        CrashAfterAcceptance,
    }

    public List<Call> Calls { get; } = [];

    /// <summary>The memory of each call's request, not a copy of it.</summary>
    public List<ReadOnlyMemory<byte>> Bodies { get; } = [];

    /// <summary>Every mail that really went out, in order.</summary>
    public List<Mail> Mailed { get; } = [];

    /// <summary>Each batch that it took, as its log would show it.</summary>
    public List<Batch> Batches { get; } = [];

    /// <summary>For every call once the script is empty.</summary>
    public Fault Always { get; set; }

    /// <summary>False: the own account's key cannot be read.</summary>
    public bool HasKey { get; set; } = true;

    /// <summary>The same for this own account alone.</summary>
    public Guid? WithoutKey { get; set; }

    /// <summary>Runs while it is asked for a key.</summary>
    public Action? WhenAskedForKey { get; set; }

    public string RefusalMessage { get; set; } = "Invalid `to` field.";

    /// <summary>Addresses that a whole batch is refused for, with the words; the first one's, as a strict batch does.</summary>
    public Dictionary<string, string> Refuses { get; } = [];

    /// <summary>Runs inside the call, after the intent was written.</summary>
    public Func<Task>? During { get; set; }

    /// <param name="Own">The tenant's own account that it came through.</param>
    public sealed record Call(string Key, string Hash, int Mails, string BaseUrl, Fault Fault, Guid? Own = null);

    public sealed record Batch(string Id, DateTimeOffset At, string Body, IReadOnlyList<string> Ids);

    public sealed record Mail(string To, string CampaignTag, int Recipient, int Chunk, int Generation, string Id);

    public void Then(params Fault[] faults)
    {
        foreach (var fault in faults)
        {
            _script.Enqueue(fault);
        }
    }

    public async Task<ProviderAnswer> PostAsync(ProviderRequest request, CancellationToken cancellation)
    {
        if (During is { } during)
        {
            await during();
        }

        lock (_lock)
        {
            var fault = _script.TryDequeue(out var scripted) ? scripted : Always;
            Bodies.Add(request.Body);
            var hash = MailBatch.Hash(request.Body.Span);
            using var json = JsonDocument.Parse(request.Body);
            Calls.Add(
                new Call(
                    request.Key,
                    hash,
                    json.RootElement.GetArrayLength(),
                    request.BaseUrl,
                    fault,
                    request.OwnAccountId
                )
            );
            return Answer(request, fault, hash, json.RootElement);
        }
    }

    public ValueTask<bool> HasKeyAsync(Guid? ownAccountId, CancellationToken cancellation)
    {
        WhenAskedForKey?.Invoke();
        cancellation.ThrowIfCancellationRequested();
        return ValueTask.FromResult(ownAccountId is null || (HasKey && ownAccountId != WithoutKey));
    }

    private ProviderAnswer Answer(ProviderRequest request, Fault fault, string hash, JsonElement body) =>
        fault switch
        {
            Fault.None when RefusedWith(body) is { } message => Error(422, "validation_error", message),
            Fault.None => Accept(request, hash, body),
            Fault.RateLimited => Error(429, "rate_limit_exceeded", "Too many requests.", TimeSpan.FromSeconds(2)),
            Fault.DailyQuota => Error(429, "daily_quota_exceeded", "You have reached your daily email sending quota."),
            Fault.MonthlyQuota => Error(429, "monthly_quota_exceeded", "You have reached your monthly quota."),
            Fault.KeyRevoked => Error(401, "validation_error", "API key is invalid"),
            Fault.DomainNotVerified => Error(403, "validation_error", "The domain is not verified."),
            Fault.BadAddress => Error(422, "validation_error", RefusalMessage),
            Fault.ErrorBeforeAcceptance => Error(500, "application_error", "An unexpected error occurred."),
            Fault.ErrorAfterAcceptance => After(request, hash, body, Error(503, "service_unavailable", "Unavailable.")),
            Fault.LostRequest => new ProviderAnswer.None("The connection was refused."),
            Fault.LostAnswer => After(request, hash, body, new ProviderAnswer.None("The connection was cut.")),
            Fault.ShortAnswer => After(
                request,
                hash,
                body,
                new ProviderAnswer.Http(200, """{"data":[]}""", ProviderHeaders.Empty)
            ),
            Fault.Html => After(request, hash, body, new ProviderAnswer.Http(200, "<html>", ProviderHeaders.Empty)),
            Fault.HtmlRefusal => new ProviderAnswer.Http(403, "<html>error code: 1010", ProviderHeaders.Empty),
            Fault.Concurrent => Error(409, "concurrent_idempotent_requests", "Still running."),
            Fault.Locked => Error(409, "resource_locked", "Locked; try again shortly."),
            Fault.Mismatch => Error(409, "invalid_idempotent_request", "Another payload."),
            Fault.TooLate => new ProviderAnswer.NotSent(NotSentFor.TooLate),
            Fault.NoKey => new ProviderAnswer.NotSent(NotSentFor.NoKey),
            Fault.Crash => throw new SimulatedCrashException(),
            Fault.CrashAfterAcceptance => Crash(request, hash, body),
            _ => throw new InvalidOperationException(),
        };

    private string? RefusedWith(JsonElement body) =>
        Refuses.Count == 0
            ? null
            : body.EnumerateArray()
                .Select(mail => Refuses.GetValueOrDefault(mail.GetProperty("to")[0].GetString()!))
                .FirstOrDefault(message => message is not null);

    private ProviderAnswer Crash(ProviderRequest request, string hash, JsonElement body)
    {
        Accept(request, hash, body);
        throw new SimulatedCrashException();
    }

    private ProviderAnswer After(ProviderRequest request, string hash, JsonElement body, ProviderAnswer answer)
    {
        Accept(request, hash, body);
        return answer;
    }

    private ProviderAnswer Accept(ProviderRequest request, string hash, JsonElement body)
    {
        // An account knows its own keys, and no other's.
        var key = $"{request.OwnAccountId}/{request.Key}";
        if (_keys.TryGetValue(key, out var known) && time.GetUtcNow() - known.At < TimeSpan.FromHours(24))
        {
            return known.Hash == hash
                ? new ProviderAnswer.Http(200, known.Answer, ProviderHeaders.Empty)
                : Error(409, "invalid_idempotent_request", "This key was used with another payload.");
        }

        var ids = new List<string>();
        foreach (var mail in body.EnumerateArray())
        {
            var tags = mail.GetProperty("tags")
                .EnumerateArray()
                .ToDictionary(
                    tag => tag.GetProperty("name").GetString()!,
                    tag => tag.GetProperty("value").GetString()!
                );
            ids.Add($"mail-{++_ids}");
            Mailed.Add(
                new Mail(
                    mail.GetProperty("to")[0].GetString()!,
                    tags["campaign"],
                    int.Parse(tags["recipient"]),
                    int.Parse(tags["chunk"]),
                    int.Parse(tags["generation"]),
                    ids[^1]
                )
            );
        }

        Batches.Add(new Batch($"log-{Batches.Count + 1}", time.GetUtcNow(), body.GetRawText(), ids));
        var answer = JsonSerializer.Serialize(new { data = ids.Select(id => new { id }) });
        _keys[key] = (hash, time.GetUtcNow(), answer);
        return new ProviderAnswer.Http(200, answer, ProviderHeaders.Empty);
    }

    private static ProviderAnswer.Http Error(int status, string name, string message, TimeSpan? retryAfter = null) =>
        new(
            status,
            JsonSerializer.Serialize(
                new
                {
                    statusCode = status,
                    name,
                    message,
                }
            ),
            ProviderHeaders.Empty with
            {
                RetryAfter = retryAfter,
            }
        );
}

/// <summary>The process died here: whatever was not committed is gone, and nobody settles.</summary>
public sealed class SimulatedCrashException() : Exception("The process died here.");
