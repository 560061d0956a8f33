using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Ledgerpost.Identity;

/// <summary>Keeps authenticator secrets encrypted: whoever has a copy of the table alone has no codes.</summary>
public sealed class AuthenticatorSecrets(IDataProtectionProvider protection)
{
    private readonly IDataProtector _protector = protection.CreateProtector("Ledgerpost.Identity.Authenticator");

    public string Protect(string secret) => _protector.Protect(secret);

    /// <returns>Null when the installation's keys are not those that it was encrypted with: then only recovery codes help.</returns>
    public string? TryUnprotect(string kept)
    {
        try
        {
            return _protector.Unprotect(kept);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
