using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using ResendEmulator.Protocol;

namespace ResendEmulator.Sending;

/// <summary>What the provider demands of one mail. The first broken rule is the answer.</summary>
public sealed partial class MailRules(Behaviour behaviour, DateTimeOffset now, bool batch)
{
    private const string Format =
        "The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.";

    /// <summary>The mail, or the refusal.</summary>
    public (MailDraft? Mail, ApiAnswer? Refusal) Check(JsonElement mail, int position)
    {
        if (mail.ValueKind != JsonValueKind.Object)
        {
            return (null, ApiErrors.Invalid("Each email must be an object."));
        }

        var fromTemplate =
            mail.TryGetProperty("template", out var template) && template.ValueKind == JsonValueKind.Object;
        if (Text(mail, "from") is not { } from)
        {
            return (null, ApiErrors.Missing("from"));
        }

        if (!Addresses.TryParse(from, out var fromAddress))
        {
            return (null, ApiErrors.Invalid($"Invalid `from` field. {Format}"));
        }

        var everyone = new List<string>();
        var refusal =
            Recipients(mail, "to", required: true, everyone)
            ?? Recipients(mail, "cc", required: false, everyone)
            ?? Recipients(mail, "bcc", required: false, everyone)
            ?? Recipients(mail, "reply_to", required: false, into: null)
            ?? (fromTemplate ? null : Content(mail))
            ?? Tags(mail)
            ?? Headers(mail)
            ?? Attachments(mail)
            ?? Schedule(mail, out _);
        if (refusal is not null)
        {
            return (null, refusal);
        }

        _ = Schedule(mail, out var scheduledAt);
        var draft = new MailDraft(
            position,
            from,
            fromAddress,
            List(mail, "to")!,
            everyone,
            Text(mail, "subject") ?? "",
            Raw(mail, "tags"),
            Raw(mail, "headers"),
            CampaignOf(mail),
            scheduledAt,
            Text(mail, "html") is { } html && FirstLink().Match(html) is { Success: true } link
                ? link.Groups["link"].Value
                : null
        );
        return (draft, null);
    }

    /// <summary>Whether any <c>to</c> of a body (one mail or a list) contains the text.</summary>
    public static bool AnyRecipientContains(JsonElement? body, string text) =>
        body switch
        {
            { ValueKind: JsonValueKind.Array } list => list.EnumerateArray()
                .Any(mail => AnyRecipientContains(mail, text)),
            { ValueKind: JsonValueKind.Object } mail => List(mail, "to")
                ?.Any(to => to.Contains(text, StringComparison.OrdinalIgnoreCase)) == true,
            _ => false,
        };

    private ApiAnswer? Recipients(JsonElement mail, string field, bool required, List<string>? into)
    {
        if (!Has(mail, field))
        {
            return required ? ApiErrors.Missing(field) : null;
        }

        if (List(mail, field) is not { } addresses || (required && addresses.Count == 0))
        {
            return ApiErrors.Invalid($"Invalid `{field}` field. {Format}");
        }

        if (string.Equals(field, "to", StringComparison.Ordinal) && addresses.Count > 50)
        {
            return ApiErrors.Invalid("Invalid `to` field. The maximum number of recipients is 50.");
        }

        foreach (var text in addresses)
        {
            if (!Addresses.TryParse(text, out var address))
            {
                return ApiErrors.Invalid($"Invalid `{field}` field. {Format}");
            }

            if (into is null)
            {
                continue;
            }

            if (behaviour.RefuseExampleRecipients && Addresses.DomainOf(address) is "example.com" or "test.com")
            {
                return ApiErrors.Invalid(
                    $"Invalid `{field}` field. Please use our testing email address instead of domains like `example.com`."
                );
            }

            into.Add(address);
        }

        return null;
    }

    private static ApiAnswer? Content(JsonElement mail)
    {
        if (string.IsNullOrEmpty(Text(mail, "subject")))
        {
            return ApiErrors.Missing("subject");
        }

        return Text(mail, "html") is null && Text(mail, "text") is null
            ? ApiErrors.Of(422, "missing_required_field", "Missing `html` or `text` field.")
            : null;
    }

    private static ApiAnswer? Tags(JsonElement mail)
    {
        if (!Has(mail, "tags"))
        {
            return null;
        }

        var tags = mail.GetProperty("tags");
        if (tags.ValueKind != JsonValueKind.Array)
        {
            return ApiErrors.Invalid("The `tags` field must be an array of objects with `name` and `value`.");
        }

        if (tags.GetArrayLength() > 75)
        {
            return ApiErrors.Invalid("An email may have at most 75 tags.");
        }

        var good = tags.EnumerateArray().All(tag => IsTagText(Text(tag, "name")) && IsTagText(Text(tag, "value")));
        return good
            ? null
            : ApiErrors.Invalid("Tags should only contain ASCII letters, numbers, underscores, or dashes.");
    }

    private static bool IsTagText(string? text) => text is not null && text.Length <= 256 && TagText().IsMatch(text);

    private static ApiAnswer? Headers(JsonElement mail)
    {
        if (!Has(mail, "headers"))
        {
            return null;
        }

        var headers = mail.GetProperty("headers");
        var good =
            headers.ValueKind == JsonValueKind.Object
            && headers.EnumerateObject().All(h => h.Value.ValueKind == JsonValueKind.String);
        return good ? null : ApiErrors.Invalid("The `headers` field must be an object of strings.");
    }

    private ApiAnswer? Attachments(JsonElement mail)
    {
        if (!Has(mail, "attachments"))
        {
            return null;
        }

        if (batch)
        {
            return ApiErrors.Invalid("The `attachments` field is not supported in batch emails.");
        }

        var list = mail.GetProperty("attachments");
        var good =
            list.ValueKind == JsonValueKind.Array
            && list.EnumerateArray().All(a => Text(a, "content") is not null || Text(a, "path") is not null);
        return good
            ? null
            : ApiErrors.Of(422, "invalid_attachment", "Attachment must have either a `content` or `path`.");
    }

    private ApiAnswer? Schedule(JsonElement mail, out DateTimeOffset? at)
    {
        at = null;
        if (Text(mail, "scheduled_at") is not { } text)
        {
            return null;
        }

        // Natural language ("in 1 min") is taken and sent at once; only instants are scheduled here.
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var when))
        {
            return null;
        }

        at = when;
        return when > now.AddDays(30) ? ApiErrors.Invalid("Emails may be scheduled at most 30 days ahead.") : null;
    }

    private string CampaignOf(JsonElement mail)
    {
        if (!Has(mail, "tags"))
        {
            return "";
        }

        var tags = mail.GetProperty("tags").EnumerateArray().ToList();
        return behaviour
                .CampaignTags.Select(name =>
                    tags.Find(tag => string.Equals(Text(tag, "name"), name, StringComparison.Ordinal))
                )
                .Select(tag => Text(tag, "value"))
                .FirstOrDefault(value => value is not null)
            ?? "";
    }

    private static bool Has(JsonElement mail, string field) =>
        mail.ValueKind == JsonValueKind.Object
        && mail.TryGetProperty(field, out var value)
        && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined);

    private static string? Text(JsonElement mail, string field) =>
        Has(mail, field) && mail.GetProperty(field) is { ValueKind: JsonValueKind.String } value
            ? value.GetString()
            : null;

    private static string? Raw(JsonElement mail, string field) =>
        Has(mail, field) ? mail.GetProperty(field).GetRawText() : null;

    /// <summary>A string or an array of strings; <c>null</c> for anything else.</summary>
    private static List<string>? List(JsonElement mail, string field)
    {
        if (!Has(mail, field))
        {
            return null;
        }

        var value = mail.GetProperty(field);
        if (value.ValueKind == JsonValueKind.String)
        {
            return [value.GetString()!];
        }

        return
            value.ValueKind == JsonValueKind.Array
            && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(item => item.GetString()!)]
            : null;
    }

    [GeneratedRegex("^[A-Za-z0-9_-]+$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex TagText();

    [GeneratedRegex(
        "href=[\"'](?<link>https?://[^\"'<>\\s]+)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex FirstLink();
}
