using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ledgerpost.Campaigns;

namespace Ledgerpost.Sending;

/// <summary>The bytes of one request: made once, stored with the intent, sent again exactly as they are.</summary>
public static class MailBatch
{
    /// <summary>The default encoder writes six characters for each quote and bracket of the HTML.</summary>
    internal static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>One mail of <c>POST /emails/batch</c>; the tags are its place in the ledger.</summary>
    public static void WriteMail(
        IBufferWriter<byte> output,
        Campaign campaign,
        string to,
        RenderedMail mail,
        string unsubscribeUrl,
        IReadOnlyList<(string Name, string Value)> tags
    ) => Write(output, campaign, to, mail.Subject, mail.Html, mail.Text, unsubscribeUrl, tags);

    /// <summary>
    /// A transactional mail, as it was given: nothing in it is a merge field, a part that was not given is left to the
    /// provider, and it is nothing to unsubscribe from.
    /// </summary>
    public static void WriteEmail(
        IBufferWriter<byte> output,
        Campaign email,
        string to,
        IReadOnlyList<(string Name, string Value)> tags
    ) =>
        Write(
            output,
            email,
            to,
            email.Subject,
            email.Html.Length == 0 ? null : email.Html,
            email.Text,
            unsubscribeUrl: null,
            tags
        );

    private static void Write(
        IBufferWriter<byte> output,
        Campaign campaign,
        string to,
        string subject,
        string? html,
        string? text,
        string? unsubscribeUrl,
        IReadOnlyList<(string Name, string Value)> tags
    )
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = Encoder });
        json.WriteStartObject();
        json.WriteString("from", campaign.FromHeader);
        json.WriteStartArray("to");
        json.WriteStringValue(to);
        json.WriteEndArray();
        json.WriteString("subject", subject);
        WriteIfGiven(json, "html", html);
        WriteIfGiven(json, "text", text);
        WriteIfGiven(json, "reply_to", campaign.ReplyTo);
        if (unsubscribeUrl is not null)
        {
            json.WriteStartObject("headers");
            json.WriteString("List-Unsubscribe", $"<{unsubscribeUrl}>");
            json.WriteString("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
            json.WriteEndObject();
        }

        json.WriteStartArray("tags");
        foreach (var (name, value) in tags)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("value", value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteIfGiven(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    public static string Hash(ReadOnlySpan<byte> body) => Convert.ToHexStringLower(SHA256.HashData(body));

    public static byte[] Compress(ReadOnlySpan<byte> body)
    {
        using var stream = new MemoryStream();
        using (var brotli = new BrotliStream(stream, CompressionLevel.Fastest))
        {
            brotli.Write(body);
        }

        return stream.ToArray();
    }

    public static byte[] Decompress(byte[] payload)
    {
        using var brotli = new BrotliStream(new MemoryStream(payload), CompressionMode.Decompress);
        using var stream = new MemoryStream();
        brotli.CopyTo(stream);
        return stream.ToArray();
    }
}
