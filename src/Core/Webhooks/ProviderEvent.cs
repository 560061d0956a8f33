using System.Globalization;
using System.Text.Json;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;

namespace Ledgerpost.Webhooks;

/// <summary>An event about one mail, as far as the ledger cares.</summary>
/// <param name="Permanent">A bounce that will come again.</param>
public sealed record ProviderEvent(
    string Type,
    DateTimeOffset OccurredAt,
    string EmailId,
    MailTags? Tags,
    string? Detail,
    bool Permanent
)
{
    /// <summary>The first address that the mail went to; ours have one.</summary>
    public string? To { get; private init; }

    public Delivery? Delivery =>
        Type switch
        {
            "email.sent" => Recipients.Delivery.Sent,
            "email.delivery_delayed" => Recipients.Delivery.Delayed,
            "email.delivered" => Recipients.Delivery.Delivered,
            "email.failed" => Recipients.Delivery.Failed,
            "email.suppressed" => Recipients.Delivery.SuppressedByProvider,
            "email.bounced" => Recipients.Delivery.Bounced,
            "email.complained" => Recipients.Delivery.Complained,
            _ => null,
        };

    /// <returns>Null when it is not about a mail, or not readable: then there is nothing to apply.</returns>
    public static ProviderEvent? TryRead(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            if (
                Text(root, "type") is not { } type
                || !type.StartsWith("email.", StringComparison.Ordinal)
                || !root.TryGetProperty("data", out var data)
                || Text(data, "email_id") is not { Length: > 0 and <= 64 } emailId
            )
            {
                return null;
            }

            var at = Text(root, "created_at") ?? Text(data, "created_at");
            return new ProviderEvent(
                type,
                DateTimeOffset.TryParse(
                    at,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var instant
                )
                    ? instant.ToUniversalTime()
                    : DateTimeOffset.UnixEpoch,
                emailId,
                MailTags.TryRead(TagsOf(data)),
                DetailOf(data),
                data.TryGetProperty("bounce", out var bounce) && Text(bounce, "type") == "Permanent"
            )
            {
                To =
                    data.TryGetProperty("to", out var to)
                    && to.ValueKind == JsonValueKind.Array
                    && to.GetArrayLength() > 0
                        ? to[0].ValueKind == JsonValueKind.String
                            ? Text(to[0])
                            : null
                        : null,
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Dictionary<string, string> TagsOf(JsonElement data)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!data.TryGetProperty("tags", out var given))
        {
            return tags;
        }

        if (given.ValueKind == JsonValueKind.Object)
        {
            foreach (var tag in given.EnumerateObject().Where(tag => tag.Value.ValueKind == JsonValueKind.String))
            {
                tags[tag.Name] = Text(tag.Value) ?? "";
            }
        }
        else if (given.ValueKind == JsonValueKind.Array)
        {
            // The retrieval endpoints write tags as a list; accept both.
            foreach (var tag in given.EnumerateArray())
            {
                if (Text(tag, "name") is { } name && Text(tag, "value") is { } value)
                {
                    tags[name] = value;
                }
            }
        }

        return tags;
    }

    private static string? DetailOf(JsonElement data)
    {
        foreach (
            var (part, text) in new[]
            {
                ("bounce", "message"),
                ("failed", "reason"),
                ("suppressed", "message"),
                ("click", "link"),
            }
        )
        {
            if (data.TryGetProperty(part, out var found) && Text(found, text) is { } detail)
            {
                return detail.Length <= 500 ? detail : detail[..500];
            }
        }

        return null;
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? Text(value)
            : null;

    /// <returns>Null for half a surrogate pair: it comes from a clicked link or a foreign server's message.</returns>
    private static string? Text(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
