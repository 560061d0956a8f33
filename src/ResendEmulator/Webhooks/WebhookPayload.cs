using System.Text;
using System.Text.Json;
using ResendEmulator.Protocol;
using ResendEmulator.Storage;

namespace ResendEmulator.Webhooks;

/// <summary>The body of one event; the same bytes at every attempt.</summary>
public static class WebhookPayload
{
    public static byte[] Of(DueEvent item)
    {
        var body = new StringBuilder(512);
        body.Append("{\"type\":").Append(Text(item.Type));
        body.Append(",\"created_at\":").Append(Text(Instant.Iso(item.At)));
        body.Append(",\"data\":{\"email_id\":").Append(Text(item.MailId));
        body.Append(",\"message_id\":").Append(Text(MessageId(item.MailId)));
        body.Append(",\"created_at\":").Append(Text(Instant.Iso(item.MailAt)));
        body.Append(",\"from\":").Append(Text(item.Sender));
        body.Append(",\"to\":").Append(item.Recipients);
        body.Append(",\"subject\":").Append(Text(item.Subject));
        if (item.Tags is not null)
        {
            body.Append(",\"tags\":").Append(TagObject(item.Tags));
        }

        if (item.Headers is not null)
        {
            body.Append(",\"headers\":").Append(HeaderList(item.Headers));
        }

        if (item.Extra is not null)
        {
            body.Append(',').Append(item.Extra);
        }

        return Encoding.UTF8.GetBytes(body.Append("}}").ToString());
    }

    public static string MessageId(string mailId) => $"<{mailId}@emulator.resend.test>";

    /// <summary>Webhooks carry tags as an object, the API as an array.</summary>
    private static string TagObject(string tags)
    {
        using var list = JsonDocument.Parse(tags);
        var named = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in list.RootElement.EnumerateArray())
        {
            named[tag.GetProperty("name").GetString()!] = tag.GetProperty("value").GetString()!;
        }

        return JsonSerializer.Serialize(named, ApiAnswer.Json);
    }

    private static string HeaderList(string headers)
    {
        using var members = JsonDocument.Parse(headers);
        var list = members
            .RootElement.EnumerateObject()
            .Select(h => new { name = h.Name, value = h.Value.GetString() });
        return JsonSerializer.Serialize(list, ApiAnswer.Json);
    }

    private static string Text(string value) => JsonSerializer.Serialize(value, ApiAnswer.Json);
}
