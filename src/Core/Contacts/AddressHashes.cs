using System.Security.Cryptography;
using System.Text;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Contacts;

/// <summary>
/// What stands for an address where the address itself must not stand: in the chain of the audit log, which is never
/// changed, and wherever an erased person was. The same address is another hash in each tenant, and without the
/// installation's secret nobody can try addresses.
/// </summary>
public sealed class AddressHashes
{
    /// <summary>No address begins so: it has no @.</summary>
    public const string Prefix = "erased:";

    /// <summary>The first text that does not begin so.</summary>
    internal const string PrefixEnd = "erased;";

    private static readonly byte[] Purpose = "ledgerpost/addresses"u8.ToArray();

    private readonly byte[] _key;

    private AddressHashes(byte[] secret) => _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, info: Purpose);

    public static async Task<AddressHashes> OfAsync(PortalDbContext db, CancellationToken cancellation) =>
        new(await db.Installation.Select(row => row.UnsubscribeSecret).SingleAsync(cancellation));

    /// <returns>64 hexadecimal digits.</returns>
    public string Of(Guid tenantId, string normalizedEmail) =>
        Convert.ToHexStringLower(
            HMACSHA256.HashData(
                _key,
                Encoding.UTF8.GetBytes(FormattableString.Invariant($"{tenantId:N} {normalizedEmail}"))
            )
        );
}
