using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Campaigns;

/// <summary>
/// One mail to an audience. Its content and sender are frozen when it leaves Draft; from then on its recipients stand in
/// the ledger, and only <see cref="CampaignTransitions"/> changes its status.
/// </summary>
public sealed class Campaign : ITenantOwned
{
    private readonly Guid _lineage;

    public required Guid TenantId { get; init; }
    public required Guid Id { get; init; }

    /// <summary>
    /// The first campaign that this one goes back to: its own id unless it is a follow-up. Everything connected upwards
    /// and downwards has the same, so that a lineage is one equality on an index.
    /// </summary>
    public Guid LineageId
    {
        get => _lineage == Guid.Empty ? Id : _lineage;
        init => _lineage = value;
    }

    /// <summary>0 for the first of its lineage, one more for each follow-up: a lineage is a line, it never forks.</summary>
    public int LineagePlace { get; init; }

    /// <summary>The Partial campaign that this follow-up continues. Never changes; nobody else may continue the same.</summary>
    public Guid? ContinuesId { get; init; }

    /// <summary>The follow-up that took this campaign's waiting people over; null again when its draft is deleted.</summary>
    public Guid? ContinuedById { get; set; }

    /// <summary>What it is: <see cref="CampaignKind.Email"/> is one mail that a program gave, and never a draft.</summary>
    public CampaignKind Kind { get; init; }

    /// <summary>Of a transactional mail, its one recipient's address, normalised; else null.</summary>
    public string? MailedTo { get; init; }

    public required string Name { get; set; }
    public required CampaignStatus Status { get; set; }

    /// <summary>Raised by each save of the draft; a save that names an older one is refused, so nothing typed is lost.</summary>
    public int Version { get; set; }

    public Guid? SenderId { get; set; }
    public string Subject { get; set; } = "";

    /// <summary>HTML with merge fields (Handlebars).</summary>
    public string Html { get; set; } = "";

    /// <summary>The plain-text part, with merge fields; null where it is made from the HTML.</summary>
    public string? Text { get; set; }

    public AudienceKind AudienceKind { get; set; }
    public string? AudienceTag { get; set; }
    public Guid? AudienceSegmentId { get; set; }

    /// <summary>When it is to be launched by itself; of a Scheduled campaign, and of what was launched that way.</summary>
    public DateTimeOffset? ScheduledAt { get; set; }

    /// <summary>Whose recipients are left out, as <see cref="LeftOutCampaigns"/> writes it; null for none.</summary>
    public string? LeavesOut { get; set; }

    /// <summary>Frozen at launch: <c>Name &lt;address&gt;</c>.</summary>
    public string? FromHeader { get; set; }

    /// <summary>Frozen at launch.</summary>
    public string? ReplyTo { get; set; }

    /// <summary>1 after the launch, one more with each resume; only chunks of this run may be sent for the first time.</summary>
    public int CurrentRun { get; set; }

    /// <summary>Highest chunk number given out; chunk numbers are unique within the campaign.</summary>
    public int LastChunk { get; set; }

    /// <summary>Why a Partial campaign stopped, or a Scheduled one asks instead of being launched, as a code.</summary>
    public StopReason? StopReason { get; set; }

    /// <summary>The provider's own words, where it said something.</summary>
    public string? StopDetail { get; set; }

    /// <summary>When a resume has a chance, where that is known (a daily quota).</summary>
    public DateTimeOffset? ResumeAfter { get; set; }

    public required string CreatedBy { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; set; }
    public string? LaunchedBy { get; set; }
    public DateTimeOffset? LaunchedAt { get; set; }
    public DateTimeOffset? FinishedAt { get; set; }

    /// <summary>Whether contacts' own fields are merged into it; else its ledger carries none.</summary>
    public bool HasOwnFields() => Kind == CampaignKind.Composed && MergeFields.Own(Subject, Html, Text).Count > 0;

    /// <summary>
    /// Whether people taken over from the other campaign need fields that its ledger does not have, because its own content
    /// has none: then they come from the contacts as they are now.
    /// </summary>
    public bool NeedsFieldsBeside(Campaign source) => HasOwnFields() && !source.HasOwnFields();
}

/// <summary>Who is mailed.</summary>
public enum AudienceKind
{
    All,
    Tag,
    Segment,

    /// <summary>The one address of a transactional mail; no contact belongs to it, now or later.</summary>
    Address,
}

/// <summary>Kept as a number, so that what waits of one kind is a narrow index.</summary>
public enum CampaignKind
{
    /// <summary>Composed by somebody, to an audience.</summary>
    Composed,

    /// <summary>
    /// One transactional mail: a ledger of one row, frozen with the request that gave it and sent by the same engine. In
    /// no list of campaigns.
    /// </summary>
    Email,
}

/// <summary>The state machine is drawn in docs/sending.md.</summary>
public enum CampaignStatus
{
    /// <summary>Being composed. Left by a launch.</summary>
    Draft,

    /// <summary>Content frozen, audience not yet. Entered by scheduling, left when due.</summary>
    Scheduled,

    /// <summary>Content and sender are frozen, the audience is being taken into the ledger. Left by itself.</summary>
    Preparing,

    /// <summary>The engine works. Entered by launch, continue and resume.</summary>
    Sending,

    /// <summary>A person stopped it. Left by continue or cancel.</summary>
    Paused,

    /// <summary>
    /// The engine stopped by itself, or finished, with somebody neither accepted, refused nor excluded. Left by resume, or
    /// by itself once nobody is left.
    /// </summary>
    Partial,

    /// <summary>Nobody is pending, in doubt or unknown. The end.</summary>
    Sent,

    /// <summary>A person ended it; whoever was pending is excluded. The end.</summary>
    Cancelled,
}

/// <summary>Why the engine stopped by itself.</summary>
public enum StopReason
{
    /// <summary>No proof of anything from the provider for the whole of <c>Sending:Patience</c>.</summary>
    ProviderUnavailable,
    DailyQuota,
    MonthlyQuota,

    /// <summary>The API key is unknown, suspended or may not send.</summary>
    KeyRejected,

    /// <summary>The sending domain is not verified, or not this tenant's own any more.</summary>
    SenderNotVerified,

    /// <summary>Three single recipients in a row were refused with the same message: the fault is not theirs.</summary>
    RefusedForAll,

    /// <summary>Nothing but "too early" from the provider for the whole of <c>Sending:Patience</c>.</summary>
    RateLimited,

    /// <summary>Nothing but "still at work on that" or "locked" from the provider for the whole of <c>Sending:Patience</c>.</summary>
    ProviderBusy,

    /// <summary>The content that was launched can no longer be made into mails: another version reads it differently.</summary>
    ContentBroken,

    /// <summary>Everybody else is done; some recipients' fate is not known.</summary>
    UnknownLeft,

    /// <summary>The database is older than what was sent, or may be: who was not settled is unknown now.</summary>
    Restored,

    /// <summary>The installation now sends through another account than this run did.</summary>
    AccountChanged,

    /// <summary>The key of the tenant's own account is gone or cannot be read here: nothing is called without it.</summary>
    KeyMissing,

    /// <summary>Of a scheduled campaign: nobody was there to launch it for more than an hour after it was due.</summary>
    ScheduleMissed,

    /// <summary>Of a scheduled campaign: what the list before a launch looks at did not hold when it was due.</summary>
    ScheduleHindered,
}

internal sealed class CampaignConfiguration : IEntityTypeConfiguration<Campaign>
{
    public void Configure(EntityTypeBuilder<Campaign> builder)
    {
        builder.HasKey(campaign => new { campaign.TenantId, campaign.Id });
        builder.Property(campaign => campaign.Name).HasMaxLength(200);
        builder.Property(campaign => campaign.Subject).HasMaxLength(500);
        builder.Property(campaign => campaign.AudienceTag).HasMaxLength(64);
        builder.Property(campaign => campaign.Kind).HasConversion<int>().HasDefaultValue(CampaignKind.Composed);
        builder.Property(campaign => campaign.MailedTo).HasMaxLength(320);
        builder.Property(campaign => campaign.LeavesOut).HasMaxLength(LeftOutCampaigns.Most * 37);
        builder.Property(campaign => campaign.Version).IsConcurrencyToken();
        // Read through the property: rows and objects that name no lineage are their own.
        builder.Property(campaign => campaign.LineageId).UsePropertyAccessMode(PropertyAccessMode.Property);
        builder.HasIndex(campaign => campaign.Id).IsUnique();
        builder
            .HasIndex(campaign => new
            {
                campaign.TenantId,
                campaign.LineageId,
                campaign.LineagePlace,
            })
            .IsUnique();
        builder.HasIndex(campaign => new { campaign.TenantId, campaign.ContinuesId }).IsUnique();
        // Millions of transactional mails stand between campaigns: each list and each claim finds its own kind alone.
        builder.HasIndex(campaign => new
        {
            campaign.TenantId,
            campaign.Kind,
            campaign.CreatedAt,
            campaign.Id,
        });
        builder
            .HasIndex(campaign => new { campaign.TenantId, campaign.Id }, "IX_Campaigns_Composed")
            .HasFilter("\"Kind\" = 0");
        builder.HasIndex(campaign => new
        {
            campaign.Status,
            campaign.Kind,
            campaign.TenantId,
            campaign.CreatedAt,
            campaign.Id,
        });
        builder
            .HasIndex(campaign => new
            {
                campaign.TenantId,
                campaign.MailedTo,
                campaign.CreatedAt,
                campaign.Id,
            })
            .HasFilter("\"MailedTo\" IS NOT NULL");
        builder.HasOne<Tenant>().WithMany().HasForeignKey(campaign => campaign.TenantId);
    }
}
