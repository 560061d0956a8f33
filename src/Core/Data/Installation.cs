using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Data;

/// <summary>One row: what is true of this installation as a whole.</summary>
public sealed class Installation
{
    public const int OnlyId = 1;

    public int Id { get; init; } = OnlyId;

    /// <summary>First part of every idempotency key; a restore raises it, so that no old key is ever used again.</summary>
    public int Epoch { get; set; } = 1;

    /// <summary>Secret behind the unsubscribe tokens, 32 random bytes; lives as long as any mail that carries one.</summary>
    public required byte[] UnsubscribeSecret { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
}

internal sealed class InstallationConfiguration : IEntityTypeConfiguration<Installation>
{
    public void Configure(EntityTypeBuilder<Installation> builder) =>
        builder.Property(row => row.Id).ValueGeneratedNever();
}

/// <summary>A data-protection key; in the database, so that instances share cookies and a backup holds them.</summary>
public sealed class StoredKey
{
    public int Id { get; init; }
    public required string FriendlyName { get; init; }
    public required string Xml { get; init; }
}
