using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Recipients;

/// <summary>One row of the ledger: one address in one campaign.</summary>
public sealed class Recipient : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid CampaignId { get; init; }

    /// <summary>1..N, dense, in the order in which the audience was frozen.</summary>
    public required int Number { get; init; }

    /// <summary>Null once the contact is deleted; the row itself stays.</summary>
    public Guid? ContactId { get; set; }

    public required string Email { get; init; }
    public required string NormalizedEmail { get; init; }
    public string? FirstName { get; init; }
    public string? LastName { get; init; }

    /// <summary>The chunk that it goes out with; null before planning, and once it was taken out of one.</summary>
    public int? ChunkNumber { get; set; }

    public required RecipientState State { get; set; }

    /// <summary>Why it is Refused or Excluded: one of <see cref="Reasons"/>.</summary>
    public string? Reason { get; set; }

    /// <summary>The provider's message, for a person to read.</summary>
    public string? Detail { get; set; }

    /// <summary>The follow-up that took it over; set with the reason <see cref="Reasons.MovedToFollowUp"/>.</summary>
    public Guid? MovedToId { get; set; }

    /// <summary>
    /// Set when the provider took its mail, failed to send it, and a person asked for another: what is reported of mails
    /// up to this chunk is history.
    /// </summary>
    public int? FailedChunk { get; set; }

    public string? ProviderEmailId { get; set; }

    /// <summary>When the provider's acceptance was proven, and in which run the mail went out.</summary>
    public DateTimeOffset? AcceptedAt { get; set; }

    public int? AcceptedRun { get; set; }

    /// <summary>Who decided that it counts as accepted; null when the provider proved it.</summary>
    public string? AssumedBy { get; set; }

    public required DateTimeOffset UpdatedAt { get; set; }

    /// <summary>The highest rank that the provider has reported since; null before its first event.</summary>
    public Delivery? Delivery { get; set; }

    /// <summary>The earliest instant at which that rank was reached, by the provider's clock.</summary>
    public DateTimeOffset? DeliveryAt { get; set; }

    /// <summary>The weightiest bounce that was reported; null while none was, whatever the rank.</summary>
    public BounceType? Bounce { get; set; }

    /// <summary>The first opening, by whomever; null while nobody and nothing has opened it.</summary>
    public DateTimeOffset? OpenedAt { get; set; }

    /// <summary>The first opening that no known machine made.</summary>
    public DateTimeOffset? OpenedByPersonAt { get; set; }

    /// <summary>All of them, machines' included.</summary>
    public int Opens { get; set; }

    public int MachineOpens { get; set; }
    public DateTimeOffset? ClickedAt { get; set; }
    public DateTimeOffset? ClickedByPersonAt { get; set; }
    public int Clicks { get; set; }
    public int MachineClicks { get; set; }
}

/// <summary>
/// Why a mail came back, in the order of weight: the weightiest reported wins, in any order of arrival. Kept as a number.
/// </summary>
public enum BounceType
{
    /// <summary>The provider could not tell.</summary>
    Undetermined,

    /// <summary>It may be taken another time: a full mailbox, a mail too large. The address is mailed again.</summary>
    Transient,

    /// <summary>It will never be taken: the address is suppressed in its tenant.</summary>
    Permanent,
}

/// <summary>Where a recipient stands. The six add up to the whole audience, always.</summary>
public enum RecipientState
{
    /// <summary>Nothing was ever sent that is not proven refused. Left by an intent, or by an exclusion.</summary>
    Pending,

    /// <summary>An intent was written; whether the provider has the mail is not proven. Left by proof or by the window's end.</summary>
    InDoubt,

    /// <summary>
    /// The provider has proven that it took the mail, or a person has decided so (<see cref="Recipient.AssumedBy"/>). Left
    /// only by a resume for those whose mail the provider then failed to send, when a person asks for it.
    /// </summary>
    Accepted,

    /// <summary>The provider has proven that it did not, because of this recipient. Never left by the machine.</summary>
    Refused,

    /// <summary>Must not be mailed: unsubscribed, suppressed, deleted, mailed already, cancelled.</summary>
    Excluded,

    /// <summary>In doubt when the key's window ended. Left only by proof or a person's decision.</summary>
    Unknown,
}

/// <summary>What the provider reports of an accepted mail, in the order of rank: the highest seen wins, in any order of arrival.</summary>
public enum Delivery
{
    Sent,
    Delayed,
    Delivered,
    Failed,
    SuppressedByProvider,
    Bounced,
    Complained,
}

/// <summary>Why a recipient is Refused or Excluded.</summary>
public static class Reasons
{
    public const string Unsubscribed = "unsubscribed";
    public const string Suppressed = "suppressed";
    public const string ContactDeleted = "contact_deleted";
    public const string AlreadyMailed = "already_mailed";

    /// <summary>A recipient of a campaign whose recipients this one leaves out.</summary>
    public const string InLeftOutCampaign = "in_left_out_campaign";
    public const string MovedToFollowUp = "moved_to_follow_up";
    public const string Cancelled = "cancelled";
    public const string RefusedByProvider = "refused_by_provider";
    public const string CannotBeRendered = "cannot_be_rendered";
}

/// <summary>One webhook event in a recipient's timeline.</summary>
public sealed class RecipientEvent : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid CampaignId { get; init; }
    public required int RecipientNumber { get; init; }

    /// <summary>Made of the event's account and message: the same event, whenever it comes again, is this row.</summary>
    public required Guid Id { get; init; }

    /// <summary>The provider's word, such as <c>email.bounced</c>.</summary>
    public required string Type { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>What the provider adds: the bounce's type and message, the clicked link.</summary>
    public string? Detail { get; init; }

    /// <summary>The scanner or proxy that opened or clicked; null when it may have been a person.</summary>
    public string? Machine { get; init; }
}

internal sealed class RecipientConfiguration : IEntityTypeConfiguration<Recipient>
{
    public void Configure(EntityTypeBuilder<Recipient> builder)
    {
        builder.HasKey(recipient => new
        {
            recipient.TenantId,
            recipient.CampaignId,
            recipient.Number,
        });
        builder.Property(recipient => recipient.Number).ValueGeneratedNever();
        builder.Property(recipient => recipient.Email).HasMaxLength(320);
        builder.Property(recipient => recipient.NormalizedEmail).HasMaxLength(320);
        builder.Property(recipient => recipient.Reason).HasMaxLength(32);
        builder.Property(recipient => recipient.ProviderEmailId).HasMaxLength(64);
        builder.Property(recipient => recipient.AssumedBy).HasMaxLength(200);
        // A number, unlike other enumerations: SQLite's planner counts a text as a wide column, and a wider row was enough
        // for it to walk through whole ledgers where it looks for one address (LineagePlanTests).
        builder.Property(recipient => recipient.Bounce).HasConversion<int?>();
        builder.Property(recipient => recipient.MachineOpens).HasDefaultValue(0);
        builder.Property(recipient => recipient.MachineClicks).HasDefaultValue(0);
        builder
            .HasIndex(recipient => new
            {
                recipient.TenantId,
                recipient.CampaignId,
                recipient.NormalizedEmail,
            })
            .IsUnique();
        // Two indexes for the two exclusions, by address (above) and by contact: one OR over both is quadratic.
        builder.HasIndex(recipient => new
        {
            recipient.TenantId,
            recipient.ContactId,
            recipient.CampaignId,
        });
        builder.HasIndex(recipient => new
        {
            recipient.TenantId,
            recipient.CampaignId,
            recipient.State,
            recipient.Number,
        });
        // What is null for every row at the freeze is in no index then: each entry costs more than the row itself. And
        // without the state, which changes twice for each mail.
        builder
            .HasIndex(recipient => new
            {
                recipient.TenantId,
                recipient.CampaignId,
                recipient.ChunkNumber,
            })
            .HasFilter("\"ChunkNumber\" IS NOT NULL");
        builder.HasIndex(recipient => recipient.ProviderEmailId).HasFilter("\"ProviderEmailId\" IS NOT NULL");
        builder
            .HasIndex(recipient => new { recipient.TenantId, recipient.MovedToId })
            .HasFilter("\"MovedToId\" IS NOT NULL");
        builder
            .HasIndex(recipient => new
            {
                recipient.TenantId,
                recipient.CampaignId,
                recipient.Delivery,
            })
            .HasFilter("\"Delivery\" IS NOT NULL");
        builder
            .HasIndex(
                recipient => new
                {
                    recipient.TenantId,
                    recipient.CampaignId,
                    recipient.OpenedByPersonAt,
                },
                "IX_Recipients_Opened"
            )
            .HasFilter("\"OpenedAt\" IS NOT NULL");
        builder
            .HasIndex(recipient => new { recipient.TenantId, recipient.CampaignId }, "IX_Recipients_Assumed")
            .HasFilter("\"AssumedBy\" IS NOT NULL");
        builder
            .HasIndex(
                recipient => new
                {
                    recipient.TenantId,
                    recipient.CampaignId,
                    recipient.ClickedByPersonAt,
                },
                "IX_Recipients_Clicked"
            )
            .HasFilter("\"ClickedAt\" IS NOT NULL");
        builder
            .HasOne<Campaign>()
            .WithMany()
            .HasForeignKey(recipient => new { recipient.TenantId, recipient.CampaignId });
        // SET NULL would null the tenant's column too: DeleteContact sets the reference to null itself, and this refuses
        // whoever forgets.
        builder
            .HasOne<Contact>()
            .WithMany()
            .HasForeignKey(recipient => new { recipient.TenantId, recipient.ContactId })
            .OnDelete(DeleteBehavior.NoAction);
    }
}

internal sealed class RecipientEventConfiguration : IEntityTypeConfiguration<RecipientEvent>
{
    public void Configure(EntityTypeBuilder<RecipientEvent> builder)
    {
        builder.HasKey(row => new { row.TenantId, row.Id });
        builder.Property(row => row.Machine).HasMaxLength(64);
        builder.HasIndex(row => new
        {
            row.TenantId,
            row.CampaignId,
            row.RecipientNumber,
            row.OccurredAt,
        });
        builder
            .HasOne<Recipient>()
            .WithMany()
            .HasForeignKey(row => new
            {
                row.TenantId,
                row.CampaignId,
                row.RecipientNumber,
            });
    }
}
