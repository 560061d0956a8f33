using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Programs;

/// <summary>
/// A request that was carried out, and what it was answered. Written in the transaction of its command, so that there is
/// the one exactly when there is the other.
/// </summary>
public sealed class IdempotencyRecord : ITenantOwned
{
    public const int MaxKeyLength = 256;
    public const int MaxPathLength = 200;

    /// <summary><see cref="Guid.Empty"/> for an operator's.</summary>
    public required Guid TenantId { get; init; }

    /// <summary>The concrete path, as <c>/api/v1/campaigns/…/send</c>: the same key elsewhere is another one.</summary>
    public required string Path { get; init; }

    public required string Key { get; init; }

    /// <summary>SHA-256 of the body as it came.</summary>
    public required string BodyHash { get; init; }

    public required int Status { get; init; }

    /// <summary>JSON; null where there was none, and for what was sent, which is answered in its present state.</summary>
    public string? Body { get; init; }

    public string? Location { get; init; }

    /// <summary>The campaign that this request sent or resumed.</summary>
    public Guid? CampaignId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null for what sent something: it is never sent again under this key, however late.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

internal sealed class IdempotencyRecordConfiguration : IEntityTypeConfiguration<IdempotencyRecord>
{
    public void Configure(EntityTypeBuilder<IdempotencyRecord> builder)
    {
        builder.HasKey(record => new
        {
            record.TenantId,
            record.Path,
            record.Key,
        });
        builder.Property(record => record.Path).HasMaxLength(IdempotencyRecord.MaxPathLength);
        builder.Property(record => record.Key).HasMaxLength(IdempotencyRecord.MaxKeyLength);
        builder.Property(record => record.BodyHash).HasMaxLength(64);
        builder.HasIndex(record => record.ExpiresAt).HasFilter("\"ExpiresAt\" IS NOT NULL");
    }
}
