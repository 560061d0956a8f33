using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ledgerpost.Outbox;
using Microsoft.AspNetCore.DataProtection;

namespace Ledgerpost.OutgoingEvents;

/// <summary>
/// What signs deliveries, by Standard Webhooks: <c>whsec_</c> and 256 random bits. Encrypted with the installation's keys in
/// the database, because it is needed again; shown once.
/// </summary>
public sealed class EndpointSecrets(IDataProtectionProvider protection)
{
    public const string Prefix = "whsec_";

    private readonly IDataProtector _protector = protection.CreateProtector("Ledgerpost.OutgoingEvents.Secret");

    public static string New() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    public string Protect(string secret) => _protector.Protect(secret);

    /// <summary><c>v1,</c> and HMAC-SHA256 over id, timestamp and body; while a secret is being replaced one for each.</summary>
    /// <exception cref="CryptographicException">The installation's keys are not those that it was encrypted with.</exception>
    public string Sign(EventEndpoint endpoint, string messageId, long timestamp, string body, DateTimeOffset now)
    {
        var secrets = new List<string> { endpoint.Secret };
        if (endpoint.OldSecret is { } old && now < endpoint.OldSecretUntil)
        {
            secrets.Add(old);
        }

        var content = Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{messageId}.{timestamp}.{body}")
        );
        return string.Join(
            ' ',
            secrets.Select(kept =>
            {
                var key = Convert.FromBase64String(_protector.Unprotect(kept)[Prefix.Length..]);
                return $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, content))}";
            })
        );
    }
}
