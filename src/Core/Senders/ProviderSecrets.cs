using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Ledgerpost.Senders;

/// <summary>
/// API keys and webhook secrets of tenants, encrypted with the installation's keys. Each tenant has a purpose of its own: what
/// was written for one cannot be read in another's row.
/// </summary>
public sealed class ProviderSecrets(IDataProtectionProvider protection)
{
    public const string WebhookPrefix = "whsec_";

    /// <summary>Whatever <see cref="IsKey"/> takes: so it is found where it must not stand, such as in a log's line.</summary>
    public const string KeyPattern = "re_[A-Za-z0-9_-]{5,}";

    /// <summary>A signing key shorter than this could be guessed.</summary>
    private const int ShortestSigningKey = 16;

    public string Protect(Guid tenantId, string secret) => Of(tenantId).Protect(secret);

    /// <exception cref="CryptographicException">It was encrypted for another tenant, or by another installation.</exception>
    public string Read(Guid tenantId, string kept) => Of(tenantId).Unprotect(kept);

    /// <returns>Null when it cannot be read here.</returns>
    public string? TryRead(Guid tenantId, string kept)
    {
        try
        {
            return Read(tenantId, kept);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>What stands in a header must be one word; whose key it is, only the provider knows.</summary>
    public static bool IsKey(string text) =>
        text.Length is >= 8 and <= 200
        && text.StartsWith("re_", StringComparison.Ordinal)
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-');

    public static bool IsWebhookSecret(string text) =>
        text.StartsWith(WebhookPrefix, StringComparison.Ordinal)
        && text.Length <= 200
        && Convert.TryFromBase64String(text[WebhookPrefix.Length..], new byte[text.Length], out var length)
        && length >= ShortestSigningKey;

    public static string LastFour(string secret) => secret[^4..];

    private IDataProtector Of(Guid tenantId) =>
        protection.CreateProtector("Ledgerpost.Senders.ProviderSecret", tenantId.ToString("N"));
}
