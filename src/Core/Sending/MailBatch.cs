using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;

namespace Ledgerpost.Sending;

/// <summary>The bytes of one request: made once, stored with the intent, sent again exactly as they are.</summary>
public static class MailBatch
{
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The body of <c>POST /emails/batch</c>; each mail carries its place in the ledger as tags.</summary>
    public static byte[] Write(
        Campaign campaign,
        ClaimedChunk chunk,
        IReadOnlyList<(Recipient Recipient, RenderedMail Mail, string UnsubscribeUrl)> mails
    )
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Json))
        {
            json.WriteStartArray();
            foreach (var (recipient, mail, unsubscribeUrl) in mails)
            {
                json.WriteStartObject();
                json.WriteString("from", campaign.FromHeader);
                json.WriteStartArray("to");
                json.WriteStringValue(recipient.Email);
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
                WriteTags(json, new MailTags(campaign.Id, recipient.Number, chunk.Number, chunk.Generation));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return stream.ToArray();
    }

    public static string Hash(ReadOnlySpan<byte> body) => Convert.ToHexStringLower(SHA256.HashData(body));

    public static byte[] Compress(byte[] body)
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

    private static void WriteTags(Utf8JsonWriter json, MailTags tags)
    {
        json.WriteStartArray("tags");
        foreach (var (name, value) in tags.All)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("value", value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
