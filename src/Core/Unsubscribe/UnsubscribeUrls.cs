using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Unsubscribe;

/// <summary>Makes the links that go into mails, on the configured public address and never on a request's.</summary>
/// <param name="publicUrl"><c>Portal:PublicUrl</c>, without a slash at its end.</param>
public sealed class UnsubscribeUrls(PortalDb db, string publicUrl)
{
    private UnsubscribeTokens? _tokens;

    public async ValueTask<string> ForAsync(Guid tenantId, string normalizedEmail, CancellationToken cancellation)
    {
        using var links = await ForTenantAsync(tenantId, cancellation);
        return links.For(normalizedEmail);
    }

    /// <summary>For many mails of one tenant, on one thread.</summary>
    public async ValueTask<TenantUnsubscribeUrls> ForTenantAsync(Guid tenantId, CancellationToken cancellation)
    {
        var tokens = _tokens ??= await UnsubscribeLinks.TokensAsync(db, cancellation);
        return new TenantUnsubscribeUrls(publicUrl, tokens.ForTenant(tenantId));
    }
}

public sealed class TenantUnsubscribeUrls(string publicUrl, UnsubscribeTokens.Sealer sealer) : IDisposable
{
    public string For(string normalizedEmail) => $"{publicUrl}/u/{sealer.Seal(normalizedEmail)}";

    public void Dispose() => sealer.Dispose();
}
