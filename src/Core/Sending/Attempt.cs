using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Sending;

/// <summary>One POST: written with its intent, completed by the answer. The forensic log; never deleted with the chunk's bytes.</summary>
public sealed class Attempt : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid CampaignId { get; init; }
    public required int ChunkNumber { get; init; }

    /// <summary>1, 2, 3 ... within the chunk.</summary>
    public required int Number { get; init; }

    public required int RunNumber { get; init; }
    public required int Generation { get; init; }
    public required int Epoch { get; init; }
    public required string Key { get; init; }
    public required string PayloadHash { get; init; }

    /// <summary>Who is in it, in the order of the request: <c>1-40,42-100</c>.</summary>
    public required string RecipientNumbers { get; init; }

    public required int Mails { get; init; }
    public required Guid AccountId { get; init; }

    /// <summary>True when nothing of this generation was in doubt before: only then can a refusal prove anything.</summary>
    public required bool CleanHistory { get; init; }

    public required DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>Null while the answer is awaited, and for ever when the process died meanwhile.</summary>
    public AttemptOutcome? Outcome { get; set; }

    public int? HttpStatus { get; set; }
    public string? ErrorName { get; set; }
    public string? Message { get; set; }

    /// <summary>JSON array in the order of the recipients.</summary>
    public string? ProviderIds { get; set; }

    public DateTimeOffset? ProviderDate { get; set; }
}

/// <summary>What an attempt proved.</summary>
public enum AttemptOutcome
{
    /// <summary>All its mails are with the provider.</summary>
    Accepted,

    /// <summary>None is, and none will be under this key.</summary>
    Refused,

    /// <summary>None is; it came too early.</summary>
    RateLimited,

    /// <summary>None is; the account, its key, its quota or the sender may not send.</summary>
    Stopped,

    /// <summary>Nothing was proven.</summary>
    Ambiguous,

    /// <summary>The key was used for other bytes: our bug, and perhaps somebody's mail.</summary>
    KeyMismatch,

    /// <summary>Nothing was written to the socket: the last check was too late.</summary>
    NotSent,
}

internal sealed class AttemptConfiguration : IEntityTypeConfiguration<Attempt>
{
    public void Configure(EntityTypeBuilder<Attempt> builder)
    {
        builder.HasKey(attempt => new
        {
            attempt.TenantId,
            attempt.CampaignId,
            attempt.ChunkNumber,
            attempt.Number,
        });
        builder.Property(attempt => attempt.Number).ValueGeneratedNever();
        builder.Property(attempt => attempt.Key).HasMaxLength(256);
        // The rate on the campaign page, and the last refusals of a run.
        builder.HasIndex(attempt => new
        {
            attempt.TenantId,
            attempt.CampaignId,
            attempt.CompletedAt,
        });
        builder
            .HasOne<Chunk>()
            .WithMany()
            .HasForeignKey(attempt => new
            {
                attempt.TenantId,
                attempt.CampaignId,
                attempt.ChunkNumber,
            });
    }
}
