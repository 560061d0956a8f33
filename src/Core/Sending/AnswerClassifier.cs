using System.Text;
using System.Text.Json;
using Ledgerpost.Sending.Provider;

namespace Ledgerpost.Sending;

/// <summary>
/// The one place that says what an answer means (docs/sending.md, rules 4 to 6). When in doubt it says Ambiguous: that
/// costs a repeat of the same bytes under the same key, never a second mail.
/// </summary>
public static class AnswerClassifier
{
    /// <param name="mails">How many mails the request held; an answer must name as many ids.</param>
    public static Outcome Classify(ProviderAnswer answer, int mails) =>
        answer switch
        {
            ProviderAnswer.NotSent unsent => new Outcome.NotSent(unsent.For),
            ProviderAnswer.None none => new Outcome.Ambiguous(none.Why),
            ProviderAnswer.Http { Status: >= 200 and < 300 } http => Success(http, mails),
            ProviderAnswer.Http { Status: >= 400 and < 500 } http => Refused(http),
            ProviderAnswer.Http { Status: >= 300 and < 400 } http => new Outcome.Ambiguous(
                $"The provider answered {http.Status}, a redirect, which is not followed."
            ),
            ProviderAnswer.Http http => new Outcome.Ambiguous($"The provider answered {http.Status}."),
            _ => throw new InvalidOperationException($"No such answer: {answer.GetType().Name}."),
        };

    private static Outcome Success(ProviderAnswer.Http http, int mails)
    {
        if (http.Status != 200)
        {
            return new Outcome.Ambiguous($"The provider answered {http.Status}, which a send never does.");
        }

        try
        {
            using var json = JsonDocument.Parse(http.Body);
            if (
                json.RootElement.ValueKind != JsonValueKind.Object
                || !json.RootElement.TryGetProperty("data", out var data)
                || data.ValueKind != JsonValueKind.Array
            )
            {
                return new Outcome.Ambiguous("The provider answered 200 without the ids of the mails.");
            }

            var ids = data.EnumerateArray().Select(Id).ToList();
            return ids.Count != mails
                    ? new Outcome.Ambiguous($"The provider answered 200 with {ids.Count} ids for {mails} mails.")
                : !ids.TrueForAll(IsId) ? new Outcome.Ambiguous("The provider answered 200 with ids that are none.")
                : ids.Distinct(StringComparer.Ordinal).Count() != mails
                    ? new Outcome.Ambiguous("The provider answered 200 with one id for several mails.")
                : new Outcome.Accepted(ids!);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return new Outcome.Ambiguous("The provider answered 200 with something that is not JSON.");
        }
    }

    private static bool IsId(string? id) =>
        id is { Length: > 0 and <= 64 } && id.All(character => character is > ' ' and < (char)127);

    private static string? Id(JsonElement item) =>
        item.ValueKind == JsonValueKind.Object
        && item.TryGetProperty("id", out var id)
        && id.ValueKind == JsonValueKind.String
            ? id.GetString()
            : null;

    private static Outcome Refused(ProviderAnswer.Http http)
    {
        if (ProviderError.TryParse(http.Body, http.Status) is not { } error)
        {
            return new Outcome.Ambiguous($"Something that is not the provider answered {http.Status}.");
        }

        return (http.Status, error.Name) switch
        {
            (409, "concurrent_idempotent_requests" or "resource_locked") => new Outcome.Busy(error.Name, error.Message),
            (409, "invalid_idempotent_request") => new Outcome.KeyMismatch(error.Message),
            (429, "daily_quota_exceeded") => Refusal(RefusalKind.DailyQuota),
            (429, "monthly_quota_exceeded") => Refusal(RefusalKind.MonthlyQuota),
            (429, _) => Refusal(RefusalKind.Rate),
            // An unknown key is a 401 "validation_error" on the wire; the names are the documented and the older ones.
            (401, _) or (400 or 403 or 422, "missing_api_key" or "invalid_api_key") => Refusal(RefusalKind.Key),
            (403, "restricted_api_key" or "suspended_api_key" or "invalid_permission") => Refusal(RefusalKind.Key),
            (403, "email_above_quota") => Refusal(RefusalKind.MonthlyQuota),
            (400 or 422, "invalid_from_address") => Refusal(RefusalKind.Sender),
            (403, _) => Refusal(RefusalKind.Sender),
            (400 or 404 or 405 or 413 or 422, _) => Refusal(RefusalKind.Content),
            _ => new Outcome.Ambiguous($"The provider answered {http.Status} {error.Name}: {error.Message}"),
        };

        Outcome.Refusal Refusal(RefusalKind kind) => new(kind, error.Name, error.Message, http.Headers.RetryAfter);
    }
}

/// <summary>The provider's own error object: <c>{"statusCode", "name", "message"}</c>; a name may be missing.</summary>
public sealed record ProviderError(string? Name, string Message)
{
    /// <returns>Null when the body is not this provider's JSON, for example a proxy's page.</returns>
    public static ProviderError? TryParse(string body, int status)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            if (
                root.ValueKind != JsonValueKind.Object
                || !root.TryGetProperty("message", out var message)
                || message.ValueKind != JsonValueKind.String
            )
            {
                return null;
            }

            var name =
                root.TryGetProperty("name", out var given) && given.ValueKind == JsonValueKind.String
                    ? Plain(given.GetString()!, 100)
                    : null;
            var said =
                root.TryGetProperty("statusCode", out var code)
                && code.ValueKind == JsonValueKind.Number
                && code.TryGetInt32(out var number)
                    ? number
                    : (int?)null;
            // Proxies speak JSON too: ours names itself by its error name, or at least repeats its status code.
            return (name is not null || said is not null) && (said is null || said == status)
                ? new ProviderError(name, Plain(message.GetString()!, 500))
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Shortened, and nothing that a database may refuse to store: no control characters, no half of a pair.</summary>
    private static string Plain(string text, int most)
    {
        var plain = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (plain.Length + rune.Utf16SequenceLength > most)
            {
                break;
            }

            plain.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }

        return plain.ToString();
    }
}
