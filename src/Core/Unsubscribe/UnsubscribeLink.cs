using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Unsubscribe;

/// <summary>
/// What a link in an older mail stands for: tokens were once looked up and not opened (docs/decisions/0007). Only read.
/// </summary>
public sealed class UnsubscribeLink : ITenantOwned
{
    public required string Token { get; init; }
    public required Guid TenantId { get; init; }
    public required string NormalizedEmail { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Who stands behind a link.</summary>
internal static class UnsubscribeLinks
{
    /// <returns>Null when this installation has made no such link.</returns>
    public static async Task<(Guid TenantId, string NormalizedEmail)?> FindAsync(
        PortalDb db,
        string token,
        CancellationToken cancellation
    )
    {
        if ((await TokensAsync(db, cancellation)).TryOpen(token) is { } opened)
        {
            return opened;
        }

        await using var context = db.Read(TenantScope.Installation);
        return await context.UnsubscribeLinks.SingleOrDefaultAsync(row => row.Token == token, cancellation) is { } link
            ? (link.TenantId, link.NormalizedEmail)
            : null;
    }

    public static async Task<UnsubscribeTokens> TokensAsync(PortalDb db, CancellationToken cancellation)
    {
        await using var context = db.Read(TenantScope.None);
        return new UnsubscribeTokens(
            await context.Installation.Select(row => row.UnsubscribeSecret).SingleAsync(cancellation)
        );
    }
}

internal sealed class UnsubscribeLinkConfiguration : IEntityTypeConfiguration<UnsubscribeLink>
{
    public void Configure(EntityTypeBuilder<UnsubscribeLink> builder)
    {
        builder.HasKey(link => link.Token);
        builder.Property(link => link.Token).HasMaxLength(64);
        builder.Property(link => link.NormalizedEmail).HasMaxLength(320);
        builder.HasIndex(link => new { link.TenantId, link.NormalizedEmail });
    }
}
