using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Unsubscribe;

/// <summary>What a token in a mail stands for; it outlives the campaign and the contact.</summary>
public sealed class UnsubscribeLink : ITenantOwned
{
    public required string Token { get; init; }
    public required Guid TenantId { get; init; }
    public required string NormalizedEmail { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>
/// Tokens are an HMAC over tenant and address under the installation's secret: opaque, unguessable (192 bits), the same
/// each time one is rendered, and reversed only by looking them up.
/// </summary>
public static class UnsubscribeToken
{
    public static string Create(byte[] secret, Guid tenantId, string normalizedEmail)
    {
        var text = Encoding.UTF8.GetBytes($"unsubscribe:{tenantId:N}:{normalizedEmail}");
        return Base64Url.EncodeToString(HMACSHA256.HashData(secret, text).AsSpan(0, 24));
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
