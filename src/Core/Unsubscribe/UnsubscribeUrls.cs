using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Unsubscribe;

/// <summary>Makes the links that go into mails, on the configured public address and never on a request's.</summary>
/// <param name="publicUrl"><c>Portal:PublicUrl</c>, without a slash at its end.</param>
public sealed class UnsubscribeUrls(PortalDb db, string publicUrl)
{
    private byte[]? _secret;

    public async Task<(UnsubscribeLink Link, string Url)> ForAsync(
        Guid tenantId,
        string normalizedEmail,
        CancellationToken cancellation
    )
    {
        var secret = _secret ??= await SecretAsync(cancellation);
        var token = UnsubscribeToken.Create(secret, tenantId, normalizedEmail);
        var link = new UnsubscribeLink
        {
            Token = token,
            TenantId = tenantId,
            NormalizedEmail = normalizedEmail,
            CreatedAt = db.Time.GetUtcNow(),
        };
        return (link, $"{publicUrl}/u/{token}");
    }

    private async Task<byte[]> SecretAsync(CancellationToken cancellation)
    {
        await using var context = db.Read(TenantScope.None);
        return await context.Installation.Select(row => row.UnsubscribeSecret).SingleAsync(cancellation);
    }
}
