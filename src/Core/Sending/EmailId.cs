using System.Security.Cryptography;
using System.Text;
using Ledgerpost.Audit;

namespace Ledgerpost.Sending;

/// <summary>
/// What a transactional mail is called, here and at the provider: made of its tenant, the request's path and its
/// caller's key, and of nothing else. The same request is the same mail even to a database that has forgotten it, and two
/// tenants on one provider account never share a key.
/// </summary>
public static class EmailId
{
    /// <summary>Where a campaign's key has the installation's epoch, which is a number.</summary>
    public const string KeyPrefix = "email";

    public static Guid Of(Guid tenantId, RequestName name)
    {
        // Neither a tenant's id nor a key can hold a line break, so no two triples read alike.
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{tenantId:N}\n{name.Key}\n{name.Path}"));
        var id = hash.AsSpan(0, 16);
        // A UUID of version 8: a hash of one's own.
        id[6] = (byte)((id[6] & 0x0F) | 0x80);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return new Guid(id, bigEndian: true);
    }
}
