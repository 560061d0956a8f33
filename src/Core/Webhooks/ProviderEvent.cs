using System.Globalization;
using System.Text.Json;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;

namespace Ledgerpost.Webhooks;

/// <summary>An event about one mail, as far as the ledger cares.</summary>
/// <param name="Bounce">Null unless it is a bounce.</param>
/// <param name="Machine">The scanner or proxy that opened or clicked, as far as it is known (<see cref="KnownMachines"/>).</param>
public sealed record ProviderEvent(
    string Type,
    DateTimeOffset OccurredAt,
    string EmailId,
    MailTags? Tags,
    string? Detail,
    BounceType? Bounce,
    string? Machine
)
{
    private const int LongestDetail = 500;

    /// <summary>Of the provider's words, and of a key in our story.</summary>
    private const int LongestType = 64;

    /// <summary>The first address that the mail went to; ours have one.</summary>
    public string? To { get; private init; }

    public bool IsOpened => Type == "email.opened";
    public bool IsClicked => Type == "email.clicked";

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

            return new ProviderEvent(
                KeptText.Cut(type, LongestType),
                Instant(Text(root, "created_at") ?? Text(data, "created_at")),
                emailId,
                MailTags.TryRead(TagsOf(data)),
                DetailOf(data),
                type == "email.bounced" ? BounceOf(data) : null,
                MachineOf(type, data)
            )
            {
                To = ToOf(data),
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <returns>The provider's id of the domain that it is about; null when it is about something else, or not readable.</returns>
    public static string? TryReadDomain(string body)
    {
        // Nearly all are about mails, and are read once.
        if (!body.Contains("\"domain.", StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(body);
            return
                Text(json.RootElement, "type") is { } type
                && type.StartsWith("domain.", StringComparison.Ordinal)
                && json.RootElement.TryGetProperty("data", out var data)
                ? Text(data, "id")
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The provider writes <c>2026-03-02T09:00:05.123Z</c> and <c>2025-11-30 20:39:59.540771+00</c>.</summary>
    private static DateTimeOffset Instant(string? text) =>
        DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var instant
        )
            ? instant
            : DateTimeOffset.UnixEpoch;

    // One that does not say is not taken for good: nobody is suppressed for it.
    private static BounceType BounceOf(JsonElement data) =>
        data.TryGetProperty("bounce", out var bounce)
        && Enum.TryParse<BounceType>(Text(bounce, "type"), out var type)
        && Enum.IsDefined(type)
            ? type
            : BounceType.Undetermined;

    private static string? MachineOf(string type, JsonElement data)
    {
        var part = type switch
        {
            "email.opened" => "open",
            "email.clicked" => "click",
            _ => null,
        };
        return part is not null && data.TryGetProperty(part, out var by)
            ? KnownMachines.NameOf(Text(by, "userAgent"), Text(by, "ipAddress"))
            : null;
    }

    private static string? ToOf(JsonElement data) =>
        data.TryGetProperty("to", out var to)
        && to.ValueKind == JsonValueKind.Array
        && to.GetArrayLength() > 0
        && to[0].ValueKind == JsonValueKind.String
            ? Text(to[0])
            : null;

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
        if (data.TryGetProperty("bounce", out var bounce) && bounce.ValueKind == JsonValueKind.Object)
        {
            // "Transient, MailboxFull: The mailbox is full."
            var kind = string.Join(
                ", ",
                new[] { Text(bounce, "type"), Text(bounce, "subType") }.Where(word => word is not null)
            );
            var words = Text(bounce, "message") ?? First(bounce, "diagnosticCode");
            return Short(string.Join(": ", new[] { kind, words }.Where(part => !string.IsNullOrEmpty(part))));
        }

        foreach (var (part, text) in new[] { ("failed", "reason"), ("suppressed", "message"), ("click", "link") })
        {
            if (data.TryGetProperty(part, out var found) && Text(found, text) is { } detail)
            {
                return Short(detail);
            }
        }

        return null;
    }

    private static string? Short(string detail) => detail.Length == 0 ? null : KeptText.Cut(detail, LongestDetail);

    private static string? First(JsonElement element, string name) =>
        element.TryGetProperty(name, out var list)
        && list.ValueKind == JsonValueKind.Array
        && list.GetArrayLength() > 0
        && list[0].ValueKind == JsonValueKind.String
            ? Text(list[0])
            : null;

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
            // PostgreSQL keeps no such character, and it comes from where half a surrogate pair comes from.
            return value.GetString()?.Replace("\0", "", StringComparison.Ordinal);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
