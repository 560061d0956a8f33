using System.Text;
using System.Text.Json;
using ResendEmulator.Protocol;

namespace ResendEmulator.Sending;

/// <summary>The members of a mail that mean something, found in one pass; what is missing or null has no value kind.</summary>
internal readonly struct MailFields
{
    private MailFields(JsonPart mail)
    {
        var members = mail.Members;
        while (members.MoveNext())
        {
            var member = members.Current.Bytes;
            members.MoveNext();
            // Of two members with one name the later one counts.
            var value = Some(members.Current);
            switch (member)
            {
                case var name when name.SequenceEqual("from"u8):
                    From = value;
                    break;
                case var name when name.SequenceEqual("to"u8):
                    To = value;
                    break;
                case var name when name.SequenceEqual("cc"u8):
                    Cc = value;
                    break;
                case var name when name.SequenceEqual("bcc"u8):
                    Bcc = value;
                    break;
                case var name when name.SequenceEqual("reply_to"u8):
                    ReplyTo = value;
                    break;
                case var name when name.SequenceEqual("subject"u8):
                    Subject = value;
                    break;
                case var name when name.SequenceEqual("html"u8):
                    Html = value;
                    break;
                case var name when name.SequenceEqual("text"u8):
                    PlainText = value;
                    break;
                case var name when name.SequenceEqual("tags"u8):
                    Tags = value;
                    break;
                case var name when name.SequenceEqual("headers"u8):
                    Headers = value;
                    break;
                case var name when name.SequenceEqual("attachments"u8):
                    Attachments = value;
                    break;
                case var name when name.SequenceEqual("scheduled_at"u8):
                    ScheduledAt = value;
                    break;
                case var name when name.SequenceEqual("template"u8):
                    Template = value;
                    break;
            }
        }
    }

    public JsonPart From { get; }
    public JsonPart To { get; }
    public JsonPart Cc { get; }
    public JsonPart Bcc { get; }
    public JsonPart ReplyTo { get; }
    public JsonPart Subject { get; }
    public JsonPart Html { get; }
    public JsonPart PlainText { get; }
    public JsonPart Tags { get; }
    public JsonPart Headers { get; }
    public JsonPart Attachments { get; }
    public JsonPart ScheduledAt { get; }
    public JsonPart Template { get; }

    /// <param name="mail">An object.</param>
    public static MailFields Of(JsonPart mail) => new(mail);

    /// <summary>A string or an array of strings; <c>null</c> for anything else.</summary>
    public static List<string>? List(JsonPart field)
    {
        if (field.Text is { } one)
        {
            return [one];
        }

        if (field.Kind != JsonValueKind.Array)
        {
            return null;
        }

        var list = new List<string>(field.Count);
        foreach (var item in field.Items)
        {
            if (item.Text is not { } text)
            {
                return null;
            }

            list.Add(text);
        }

        return list;
    }

    public static bool Has(JsonPart field) => field.Kind != JsonValueKind.Undefined;

    public static string? Written(JsonPart field) => Has(field) ? Encoding.UTF8.GetString(field.Written) : null;

    private static JsonPart Some(JsonPart value) => value.Kind == JsonValueKind.Null ? default : value;
}
