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
    )
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = Encoder });
        json.WriteStartObject();
        json.WriteString("from", campaign.FromHeader);
        json.WriteStartArray("to");
        json.WriteStringValue(to);
        json.WriteEndArray();
        json.WriteString("subject", mail.Subject);
        json.WriteString("html", mail.Html);
        json.WriteString("text", mail.Text);
        if (campaign.ReplyTo is not null)
        {
            json.WriteString("reply_to", campaign.ReplyTo);
        }

        json.WriteStartObject("headers");
        json.WriteString("List-Unsubscribe", $"<{unsubscribeUrl}>");
        json.WriteString("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        json.WriteEndObject();
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
