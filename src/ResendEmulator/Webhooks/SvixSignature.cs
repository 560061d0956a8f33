using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ResendEmulator.Webhooks;

/// <summary>The Svix scheme: HMAC-SHA256 over <c>id.timestamp.body</c> under the base64 text after <c>whsec_</c>.</summary>
public static class SvixSignature
{
    /// <summary>The value of svix-signature.</summary>
    public static string Of(string secret, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        var key = Convert.FromBase64String(
            secret.StartsWith("whsec_", StringComparison.Ordinal) ? secret["whsec_".Length..] : secret
        );
        var head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}."));
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(key.AsSpan(), [.. head, .. body]));
    }
}
