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
        var tokens = _tokens ??= await UnsubscribeLinks.TokensAsync(db, cancellation);
        return $"{publicUrl}/u/{tokens.Seal(tenantId, normalizedEmail)}";
    }
}
