using System.Buffers;
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

    private static readonly SearchValues<byte> TagBytes = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"u8
    );

    private (string? Text, string? Address) _sender;

    /// <summary>The mail, or the refusal.</summary>
    public (MailDraft? Mail, ApiAnswer? Refusal) Check(JsonPart mail, int position)
    {
        if (mail.Kind != JsonValueKind.Object)
        {
            return (null, ApiErrors.Invalid("Each email must be an object."));
        }

        var fields = MailFields.Of(mail);
        if (fields.From.Text is not { } from)
        {
            return (null, ApiErrors.Missing("from"));
        }

        if (ParseSender(from) is not { } fromAddress)
        {
            return (null, ApiErrors.Invalid($"Invalid `from` field. {Format}"));
        }

        var to = MailFields.List(fields.To);
        var everyone = new List<string>(1);
        var refusal =
            Recipients("to", fields.To, to, required: true, everyone)
            ?? Recipients("cc", fields.Cc, MailFields.List(fields.Cc), required: false, everyone)
            ?? Recipients("bcc", fields.Bcc, MailFields.List(fields.Bcc), required: false, everyone)
            ?? Recipients("reply_to", fields.ReplyTo, MailFields.List(fields.ReplyTo), required: false, into: null)
            ?? (fields.Template.Kind == JsonValueKind.Object ? null : Content(fields))
            ?? Tags(fields.Tags)
            ?? Headers(fields.Headers)
            ?? Attachments(fields.Attachments);
        if (refusal is not null)
        {
            return (null, refusal);
        }

        var scheduledAt = Schedule(fields.ScheduledAt.Text);
        if (scheduledAt > now.AddDays(30))
        {
            return (null, ApiErrors.Invalid("Emails may be scheduled at most 30 days ahead."));
        }

        var draft = new MailDraft(
            position,
            from,
            fromAddress,
            to!,
            everyone,
            fields.Subject.Text ?? "",
            MailFields.Written(fields.Tags),
            MailFields.Written(fields.Headers),
            CampaignOf(fields.Tags),
            scheduledAt,
            LinkOf(fields.Html)
        );
        return (draft, null);
    }

    /// <summary>Whether any <c>to</c> of a body (one mail or a list) contains the text.</summary>
    public static bool AnyRecipientContains(JsonPart body, string text)
    {
        foreach (var mail in body.Items)
        {
            if (AnyRecipientContains(mail, text))
            {
                return true;
            }
        }

        return MailFields.List(body.Member("to"u8))?.Exists(to => to.Contains(text, StringComparison.OrdinalIgnoreCase))
            == true;
    }

    // A batch has one sender as a rule.
    private string? ParseSender(string from)
    {
        if (!string.Equals(from, _sender.Text, StringComparison.Ordinal))
        {
            _sender = (from, Addresses.TryParse(from, out var address) ? address : null);
        }

        return _sender.Address;
    }

    private ApiAnswer? Recipients(
        string field,
        JsonPart value,
        List<string>? addresses,
        bool required,
        List<string>? into
    )
    {
        if (!MailFields.Has(value))
        {
            return required ? ApiErrors.Missing(field) : null;
        }

        if (addresses is null || (required && addresses.Count == 0))
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

    private static ApiAnswer? Content(in MailFields fields)
    {
        if (!fields.Subject.IsText || fields.Subject.Written.IsEmpty)
        {
            return ApiErrors.Missing("subject");
        }

        return fields.Html.IsText || fields.PlainText.IsText
            ? null
            : ApiErrors.Of(422, "missing_required_field", "Missing `html` or `text` field.");
    }

    private static ApiAnswer? Tags(JsonPart tags)
    {
        if (!MailFields.Has(tags))
        {
            return null;
        }

        if (tags.Kind != JsonValueKind.Array)
        {
            return ApiErrors.Invalid("The `tags` field must be an array of objects with `name` and `value`.");
        }

        if (tags.Count > 75)
        {
            return ApiErrors.Invalid("An email may have at most 75 tags.");
        }

        foreach (var tag in tags.Items)
        {
            if (!IsTagText(tag.Member("name"u8)) || !IsTagText(tag.Member("value"u8)))
            {
                return ApiErrors.Invalid("Tags should only contain ASCII letters, numbers, underscores, or dashes.");
            }
        }

        return null;
    }

    private static bool IsTagText(JsonPart text) =>
        text.IsText && text.Bytes is { Length: > 0 and <= 256 } bytes && !bytes.ContainsAnyExcept(TagBytes);

    private static ApiAnswer? Headers(JsonPart headers)
    {
        if (!MailFields.Has(headers))
        {
            return null;
        }

        var good = headers.Kind == JsonValueKind.Object;
        foreach (var nameOrValue in headers.Members)
        {
            good &= nameOrValue.IsText;
        }

        return good ? null : ApiErrors.Invalid("The `headers` field must be an object of strings.");
    }

    private ApiAnswer? Attachments(JsonPart list)
    {
        if (!MailFields.Has(list))
        {
            return null;
        }

        if (batch)
        {
            return ApiErrors.Invalid("The `attachments` field is not supported in batch emails.");
        }

        var good = list.Kind == JsonValueKind.Array;
        foreach (var item in list.Items)
        {
            good &= item.Member("content"u8).IsText || item.Member("path"u8).IsText;
        }

        return good
            ? null
            : ApiErrors.Of(422, "invalid_attachment", "Attachment must have either a `content` or `path`.");
    }

    // Natural language ("in 1 min") is taken and sent at once; only instants are scheduled here.
    private static DateTimeOffset? Schedule(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var when)
            ? when
            : null;

    private string CampaignOf(JsonPart tags)
    {
        if (!MailFields.Has(tags))
        {
            return "";
        }

        foreach (var name in behaviour.CampaignTags)
        {
            foreach (var tag in tags.Items)
            {
                if (tag.Member("name"u8).Text is { } text && string.Equals(text, name, StringComparison.Ordinal))
                {
                    // The tags' own rule has seen to it that a name has a value.
                    return tag.Member("value"u8).Text!;
                }
            }
        }

        return "";
    }

    // A link is there to be clicked: nobody reads four kilobytes of HTML for mails that nobody will open.
    private string? LinkOf(JsonPart html) =>
        behaviour is { OpenShare: > 0, ClickShare: > 0 }
        && html.Text is { } text
        && FirstLink().Match(text) is { Success: true } link
            ? link.Groups["link"].Value
            : null;

    [GeneratedRegex(
        "href=[\"'](?<link>https?://[^\"'<>\\s]+)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex FirstLink();
}
