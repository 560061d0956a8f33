using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Suppression;

/// <summary>An address that this tenant does not mail, whatever becomes of its contact. One row per address.</summary>
public sealed class SuppressedAddress : ITenantOwned
{
    public required Guid TenantId { get; init; }

    /// <summary>Another one once a weightier reason stands here.</summary>
    public required Guid Id { get; init; }
    public required string NormalizedEmail { get; init; }
    public required SuppressionReason Reason { get; init; }

    /// <summary>Where it came from, as a phrase: the campaign, the person, the provider's words.</summary>
    public string? Detail { get; set; }

    /// <summary>
    /// When the provider says that it happened; null where a person or a link is the reason. Of several reports with the
    /// same reason the earliest stands here, in whatever order they came.
    /// </summary>
    public DateTimeOffset? ReportedAt { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>
/// In the order of weight: a later one replaces an earlier one, never the other way. What the person said weighs more than
/// what the address did, so that lifting a block or a bounce can never undo an unsubscription.
/// </summary>
public enum SuppressionReason
{
    Manual,
    Bounced,
    Unsubscribed,
    Complained,
}

internal sealed class SuppressedAddressConfiguration : IEntityTypeConfiguration<SuppressedAddress>
{
    public void Configure(EntityTypeBuilder<SuppressedAddress> builder)
    {
        builder.HasKey(row => new { row.TenantId, row.Id });
        builder.Property(row => row.NormalizedEmail).HasMaxLength(320);
        builder.HasIndex(row => new { row.TenantId, row.NormalizedEmail }).IsUnique();
        builder.HasOne<Tenant>().WithMany().HasForeignKey(row => row.TenantId);
    }
}
