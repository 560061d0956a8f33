using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Senders;

/// <summary>
/// An account at the provider, as the ledger knows it. An idempotency key means something only within its account, so
/// every run and every chunk names the one that it went to.
/// </summary>
public sealed class ProviderAccount
{
    /// <summary>Longer than the longest pause between two tries of one chunk.</summary>
    public static readonly TimeSpan Forgotten = TimeSpan.FromHours(2);

    public required Guid Id { get; init; }

    /// <summary>
    /// The tenant whose own account it is (<see cref="OwnAccount"/>), whose rows alone name it; null for the installation's. The
    /// database refuses another tenant's row, and another owner.
    /// </summary>
    public Guid? OwnerId { get; init; }

    /// <summary>Without a slash at its end.</summary>
    public required string BaseUrl { get; init; }

    /// <summary>SHA-256 of the API key, so that a replaced key is noticed; never the key.</summary>
    public required string KeyFingerprint { get; set; }

    /// <summary>The account that the configured key belongs to now; at most one row, and never a tenant's own.</summary>
    public bool IsCurrent { get; set; }

    /// <summary>A mail that this account accepted: a replaced key that can read it belongs to the same account.</summary>
    public string? KnownEmailId { get; set; }

    public DateTimeOffset? LastSuccessAt { get; set; }

    /// <summary>Since when no call has been taken, though some were made; null while the provider accepts.</summary>
    public DateTimeOffset? FailingSince { get; set; }

    public int FailuresInARow { get; set; }

    /// <summary>No call before this instant: the provider asked for a pause, or it is failing.</summary>
    public DateTimeOffset? NotBefore { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The bucket, from here on: what the pace of sending is made of.</summary>
    public int? RateLimit { get; set; }
    public int RateShare { get; set; }

    /// <summary>Microseconds.</summary>
    public long RateWindow { get; set; }

    public long? RatePhase { get; set; }

    /// <summary>When the phase was last checked.</summary>
    public DateTimeOffset? RatePhaseAt { get; set; }

    /// <summary>The last number given out.</summary>
    public long RateSlot { get; set; }

    /// <summary>0: nothing is known yet.</summary>
    public int RateVersion { get; set; }

    /// <summary>
    /// An outage that ended unseen, because nobody has called since, is forgotten: last week's must not use up today's
    /// patience.
    /// </summary>
    public bool IsForgotten(DateTimeOffset now) => FailingSince is not null && NotBefore + Forgotten < now;

    /// <summary>It answered, and took nothing: patience is counted from here, unless it has begun before.</summary>
    public void TookNothing(DateTimeOffset now)
    {
        FailingSince ??= now;
        // From here on it is forgotten (IsForgotten), and not from whatever held it back last.
        HoldBack(now);
    }

    /// <summary>It asked for a pause. No failure, and yet it must not last for ever.</summary>
    public void RateLimited(DateTimeOffset now, TimeSpan pause)
    {
        TookNothing(now);
        HoldBack(now + pause);
    }

    /// <summary>A call proved nothing: no other before the pause is over.</summary>
    public void Failed(DateTimeOffset now, TimeSpan pause)
    {
        TookNothing(now);
        FailuresInARow++;
        HoldBack(now + pause);
    }

    public void HoldBack(DateTimeOffset until) => NotBefore = NotBefore > until ? NotBefore : until;

    /// <summary>
    /// A person says: try now. One call, sooner; a pause that the provider asked for stays. That it is failing stays too: others
    /// send through it, and how long they have waited is not this person's to begin anew.
    /// </summary>
    public void TryNow(DateTimeOffset now)
    {
        if (FailuresInARow > 0 && NotBefore > now)
        {
            NotBefore = now;
        }
    }

    /// <summary>It took a batch: whatever kept it from that is over.</summary>
    public void Succeeded(DateTimeOffset now, string emailId)
    {
        // A pause that the provider asked for is not over because an earlier call was still accepted.
        if (FailuresInARow > 0)
        {
            NotBefore = null;
        }

        LastSuccessAt = now;
        FailingSince = null;
        FailuresInARow = 0;
        KnownEmailId = emailId;
    }
}

internal sealed class ProviderAccountConfiguration : IEntityTypeConfiguration<ProviderAccount>
{
    public void Configure(EntityTypeBuilder<ProviderAccount> builder)
    {
        builder.Property(account => account.BaseUrl).HasMaxLength(500);
        builder.Property(account => account.KeyFingerprint).HasMaxLength(64);
        builder.HasIndex(account => account.IsCurrent).IsUnique().HasFilter("\"IsCurrent\" = 1");
        builder.HasIndex(account => account.OwnerId).HasFilter("\"OwnerId\" IS NOT NULL");
    }
}
