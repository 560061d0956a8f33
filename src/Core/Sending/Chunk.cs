using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Sending;

/// <summary>
/// At most 100 recipients of one run that go out in one provider call. Its members are the recipients that name its
/// number; the range is where to look for them.
/// </summary>
public sealed class Chunk : ITenantOwned
{
    public const int MaxRecipients = 100;

    public required Guid TenantId { get; init; }
    public required Guid CampaignId { get; init; }

    /// <summary>Unique within the campaign, over all its runs.</summary>
    public required int Number { get; init; }

    public required int RunNumber { get; set; }

    /// <summary>The chunk that this is a half of.</summary>
    public int? ParentNumber { get; init; }

    public required int FirstRecipient { get; init; }
    public required int LastRecipient { get; init; }

    /// <summary>1, and one more after each definite refusal; a new generation has a new key.</summary>
    public int Generation { get; set; } = 1;

    /// <summary>Raised by each claim; who holds an older one changes nothing any more.</summary>
    public int Epoch { get; set; }

    public required ChunkState State { get; set; }
    public string? LeaseOwner { get; set; }
    public DateTimeOffset? LeaseEnds { get; set; }

    /// <summary>The first attempt of this generation: the key's window is counted from it.</summary>
    public DateTimeOffset? FirstAttemptAt { get; set; }

    /// <summary>Set by the intent, cleared by proof: while it is set, the same bytes go out under the same key or nothing does.</summary>
    public DateTimeOffset? DoubtfulSince { get; set; }

    public DateTimeOffset? NotBefore { get; set; }

    /// <summary>Attempts of all generations; the last attempt's number.</summary>
    public int Attempts { get; set; }

    /// <summary>How many mails its frozen request holds; 0 before its first intent.</summary>
    public int Mails { get; set; }

    /// <summary>Attempts in a row that proved nothing; the backoff grows with it.</summary>
    public int Failures { get; set; }

    /// <summary>When the provider's record was last gone through for it without a proof; null before that.</summary>
    public DateTimeOffset? AskedAt { get; set; }

    public string? Key { get; set; }
    public Guid? AccountId { get; set; }
    public string? BaseUrl { get; set; }

    /// <summary>The frozen request, Brotli-compressed; kept until the outcome is known.</summary>
    public byte[]? Payload { get; set; }

    /// <summary>SHA-256 of the request as it goes over the wire, in hexadecimal.</summary>
    public string? PayloadHash { get; set; }

    /// <summary>What the provider said last, for a person to read.</summary>
    public string? LastMessage { get; set; }

    /// <summary>What a person decided while it was Unknown; null while nobody has. Proof that comes later still closes it.</summary>
    public UnknownDecision? Decision { get; set; }

    public string? DecidedBy { get; set; }
    public DateTimeOffset? DecidedAt { get; set; }

    /// <summary>Proven: every mail is with the provider. The bytes have done their work.</summary>
    public void CloseAccepted() => Close(ChunkState.Accepted);

    /// <summary>Not proven, and not repeated any more. Key and account stay, for the proof that may still come.</summary>
    public void CloseUnknown() => Close(ChunkState.Unknown);

    private void Close(ChunkState state)
    {
        State = state;
        LeaseOwner = null;
        LeaseEnds = null;
        DoubtfulSince = null;
        NotBefore = null;
        Failures = 0;
        Payload = null;
    }
}

/// <summary>Where a chunk stands. Doubt is not a state of its own but <see cref="Chunk.DoubtfulSince"/>.</summary>
public enum ChunkState
{
    /// <summary>Waits for a worker: for the first time, or for its next attempt. Left by a claim or by abandoning.</summary>
    Planned,

    /// <summary>A worker has it until its lease ends.</summary>
    Leased,

    /// <summary>The provider has all its mails. The end.</summary>
    Accepted,

    /// <summary>The provider refused its one recipient. Left only when two more in a row are refused with the same words.</summary>
    Refused,

    /// <summary>The provider refused it for its content; its halves go on with its recipients. The end.</summary>
    Bisected,

    /// <summary>A later run or a cancel took its recipients before anything was sent, or none was left. The end.</summary>
    Abandoned,

    /// <summary>In doubt when the window ended. Left only by proof or by a person.</summary>
    Unknown,
}

/// <summary>What a person may say about a call whose fate is unknown.</summary>
public enum UnknownDecision
{
    /// <summary>Its people count as accepted, marked as a person's word and not the provider's.</summary>
    TreatAsSent,

    /// <summary>Its people wait again, under another key; they may get the mail twice.</summary>
    SendAgain,
}

internal sealed class ChunkConfiguration : IEntityTypeConfiguration<Chunk>
{
    public void Configure(EntityTypeBuilder<Chunk> builder)
    {
        builder.HasKey(chunk => new
        {
            chunk.TenantId,
            chunk.CampaignId,
            chunk.Number,
        });
        builder.Property(chunk => chunk.Number).ValueGeneratedNever();
        builder.Property(chunk => chunk.Key).HasMaxLength(256);
        builder.Property(chunk => chunk.PayloadHash).HasMaxLength(64);
        builder.Property(chunk => chunk.DecidedBy).HasMaxLength(200);
        builder.HasIndex(chunk => chunk.Key).IsUnique();
        builder.HasIndex(chunk => chunk.DoubtfulSince).HasFilter("\"DoubtfulSince\" IS NOT NULL");
        builder.HasIndex(chunk => new
        {
            chunk.TenantId,
            chunk.CampaignId,
            chunk.State,
            chunk.Number,
        });
        builder
            .HasOne<Run>()
            .WithMany()
            .HasForeignKey(chunk => new
            {
                chunk.TenantId,
                chunk.CampaignId,
                chunk.RunNumber,
            });
        builder.HasOne<ProviderAccount>().WithMany().HasForeignKey(chunk => chunk.AccountId);
    }
}
