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

    /// <summary>The highest instant that this installation has seen, less at most a minute (docs/sending.md, rule 16).</summary>
    public DateTimeOffset? ClockMark { get; set; }

    /// <summary>Raised while mail goes out, here and then in a file beside the database: an older database shows by it.</summary>
    public long Stamp { get; set; }

    /// <summary>Written into a backup: when it was made.</summary>
    public DateTimeOffset? BackedUpAt { get; set; }

    /// <summary>The public address of the last start; another one is a move, or a copy.</summary>
    public string? PublicUrl { get; set; }

    /// <summary>While it is set nothing goes out, of any tenant (rule 17).</summary>
    public HoldReason? Hold { get; set; }

    public DateTimeOffset? HeldSince { get; set; }

    /// <summary>For a person to read: what was noticed.</summary>
    public string? HoldDetail { get; set; }

    /// <summary>When a person last let it send again; mail of before proves no rollback any more.</summary>
    public DateTimeOffset? ReleasedAt { get; set; }
}

/// <summary>Why the whole installation does not send.</summary>
public enum HoldReason
{
    /// <summary>A backup was put in place by the verb <c>restore</c>.</summary>
    Restored,

    /// <summary>The start found a database older than what it or the provider has seen.</summary>
    RolledBack,

    /// <summary>The start found another public address or another provider account than the database remembers.</summary>
    Copied,
}

internal sealed class InstallationConfiguration : IEntityTypeConfiguration<Installation>
{
    public void Configure(EntityTypeBuilder<Installation> builder)
    {
        builder.Property(row => row.Id).ValueGeneratedNever();
        builder.Property(row => row.PublicUrl).HasMaxLength(500);
        builder.Property(row => row.HoldDetail).HasMaxLength(1000);
    }
}

/// <summary>
/// A data-protection key; in the database, so that instances share cookies and a backup holds them, with its secret encrypted
/// under a key that is elsewhere.
/// </summary>
public sealed class StoredKey
{
    public int Id { get; init; }
    public required string FriendlyName { get; init; }
    public required string Xml { get; set; }
}
