using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Ledgerpost.Webhooks;

/// <summary>
/// Svix's scheme: HMAC-SHA256 over <c>id.timestamp.body</c> with the base64 text after <c>whsec_</c>; any of several
/// signatures under any of several secrets will do; five minutes of tolerance both ways.
/// </summary>
public static class WebhookSignature
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    public static bool Verify(
        IReadOnlyList<string> secrets,
        string id,
        string timestamp,
        string signatures,
        ReadOnlySpan<byte> body,
        DateTimeOffset now
    )
    {
        if (!IsOfNow(timestamp, now))
        {
            return false;
        }

        var signed = Encoding.UTF8.GetBytes($"{id}.{timestamp}.");
        var message = new byte[signed.Length + body.Length];
        signed.CopyTo(message, 0);
        body.CopyTo(message.AsSpan(signed.Length));
        var given = signatures
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Where(part => part.StartsWith("v1,", StringComparison.Ordinal))
            .Select(part => Decode(part[3..]))
            .ToList();
        var found = false;
        // A secret that cannot be read would be the empty key, under which anybody can sign.
        foreach (var key in secrets.Select(Key).Where(key => key.Length > 0))
        {
            var expected = HMACSHA256.HashData(key, message);
            foreach (var signature in given)
            {
                found |= CryptographicOperations.FixedTimeEquals(expected, signature);
            }
        }

        return found;
    }

    public static bool IsOfNow(string timestamp, DateTimeOffset now) =>
        long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
        && (now - DateTimeOffset.FromUnixTimeSeconds(seconds)).Duration() <= Tolerance;

    private static byte[] Key(string secret) =>
        Decode(secret.StartsWith("whsec_", StringComparison.Ordinal) ? secret["whsec_".Length..] : secret);

    private static byte[] Decode(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? bytes[..length] : [];
    }
}
