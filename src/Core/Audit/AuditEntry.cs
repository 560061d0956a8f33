using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Audit;

/// <summary>One sentence of the audit log: who did what to what, when, from where. Never changed, never deleted.</summary>
public sealed class AuditEntry : ITenantOwned
{
    public const int MaxTargetId = 128;

    /// <summary>The tenant's own log; <see cref="Guid.Empty"/> is the installation's.</summary>
    public required Guid TenantId { get; init; }

    /// <summary>1, 2, 3 ... without gaps within a log, so that a missing entry can be seen.</summary>
    public required long Sequence { get; init; }

    public required DateTimeOffset At { get; init; }
    public required ActorKind ActorKind { get; init; }
    public Guid? ActorId { get; init; }
    public required string ActorName { get; init; }

    /// <summary>What and when, as <c>campaign.launched</c>: the target's kind, a dot, a verb in the past.</summary>
    public required string Action { get; init; }

    public required string TargetKind { get; init; }
    public required string TargetId { get; init; }
    public required string TargetName { get; init; }

    /// <summary>JSON; what changed, for those who unfold the entry.</summary>
    public string? Details { get; init; }

    /// <summary>The address that the command came from; null for the engine's own acts.</summary>
    public string? From { get; init; }

    /// <summary>In which sign-in a person acted; null for all others, and in entries from before it was kept.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>For whom: of a program whoever made its key, of the command line the machine's user; null for oneself.</summary>
    public string? OnBehalfOf { get; init; }

    /// <summary>Random bytes that make <see cref="PersonalHash"/> unguessable; they go when the person is erased.</summary>
    public byte[]? Salt { get; internal set; }

    /// <summary>Of the salt, the names, the details, the address and the session: what of them is in the chain.</summary>
    public byte[]? PersonalHash { get; internal set; }

    /// <summary>Which of the <see cref="AuditKeys"/> sealed this entry.</summary>
    public string? KeyId { get; internal set; }

    /// <summary>The seal of this entry and of all before it; null only where the portal did not write it.</summary>
    public byte[]? Hash { get; internal set; }
}

internal sealed class AuditEntryConfiguration : IEntityTypeConfiguration<AuditEntry>
{
    public void Configure(EntityTypeBuilder<AuditEntry> builder)
    {
        builder.HasKey(entry => new { entry.TenantId, entry.Sequence });
        builder.Property(entry => entry.Sequence).ValueGeneratedNever();
        builder.Property(entry => entry.Action).HasMaxLength(64);
        builder.Property(entry => entry.TargetKind).HasMaxLength(32);
        builder.Property(entry => entry.TargetId).HasMaxLength(AuditEntry.MaxTargetId);
        builder.Property(entry => entry.KeyId).HasMaxLength(16);
        builder.HasIndex(entry => new { entry.TenantId, entry.At });
        builder.HasIndex(entry => new
        {
            entry.TenantId,
            entry.ActorId,
            entry.Sequence,
        });
        builder.HasIndex(entry => new
        {
            entry.TenantId,
            entry.Action,
            entry.Sequence,
        });
        builder.HasIndex(entry => new
        {
            entry.TenantId,
            entry.TargetKind,
            entry.TargetId,
        });
    }
}
