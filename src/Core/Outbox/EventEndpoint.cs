using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Outbox;

/// <summary>An address of a tenant's own program, and which events go there.</summary>
public sealed class EventEndpoint : ITenantOwned
{
    public const int MaxUrlLength = 2000;

    public required Guid TenantId { get; init; }
    public required Guid Id { get; init; }

    /// <summary>Tells the tenant's endpoints apart in the ids of deliveries; 0 to 255.</summary>
    public required int Slot { get; init; }

    public required string Url { get; set; }

    /// <summary>The bits of <see cref="EventType"/>.</summary>
    public required long Events { get; set; }

    public required EndpointState State { get; set; }
    public DisabledReason? DisabledReason { get; set; }
    public DateTimeOffset? DisabledAt { get; set; }

    /// <summary>What signs its deliveries, encrypted.</summary>
    public required string Secret { get; set; }

    /// <summary>The one before, which signs beside the new one until <see cref="OldSecretUntil"/>.</summary>
    public string? OldSecret { get; set; }

    public DateTimeOffset? OldSecretUntil { get; set; }

    public required string CreatedBy { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// The first failure since the last success, or since a day in which nothing was tried; null while deliveries arrive.
    /// </summary>
    public DateTimeOffset? FailingSince { get; set; }

    public int FailuresInARow { get; set; }
    public DateTimeOffset? LastDeliveredAt { get; set; }

    /// <summary>Nothing is sent before; a failing endpoint is asked ever more rarely, up to once a minute.</summary>
    public DateTimeOffset? PausedUntil { get; set; }

    /// <summary>Who delivers to it now, of all instances.</summary>
    public Guid? LeaseOwner { get; set; }

    /// <summary>When it may be served next; once it may, the end of its last turn. Null before its first.</summary>
    public DateTimeOffset? LeaseEnds { get; set; }
}

public enum EndpointState
{
    Enabled,

    /// <summary>Nothing is written for it and nothing is sent; what waits stays until its time is over.</summary>
    Disabled,

    /// <summary>Seen by nobody any more; its deliveries go first, then it goes itself.</summary>
    Deleted,
}

public enum DisabledReason
{
    Person,

    /// <summary>Five days of nothing but failures, and of none in which nothing was tried.</summary>
    Failing,

    /// <summary>It answered 410 Gone.</summary>
    Gone,
}

/// <summary>One event on its way to one endpoint, written in the transaction of the change that it tells of.</summary>
public sealed class EventDelivery : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid Id { get; init; }
    public required Guid EndpointId { get; init; }
    public required EventType Type { get; init; }

    /// <summary>When the change was made; of what the provider reported, when it happened there.</summary>
    public required DateTimeOffset OccurredAt { get; init; }

    public Guid? CampaignId { get; init; }
    public int? RecipientNumber { get; init; }

    /// <summary>Of an event about a sending domain.</summary>
    public Guid? DomainId { get; init; }

    /// <summary>Why, as a code, where the change has a reason.</summary>
    public string? Reason { get; init; }

    /// <summary>Of an event about an address and no campaign.</summary>
    public string? Email { get; init; }

    public required DeliveryState State { get; set; }

    /// <summary>When it is tried next, while it waits.</summary>
    public DateTimeOffset NotBefore { get; set; }

    /// <summary>Since it was written, or last replayed.</summary>
    public int Tries { get; set; }

    public int Replays { get; set; }
    public DateTimeOffset? LastTryAt { get; set; }

    /// <summary>Milliseconds from the connection to the answer.</summary>
    public int? LastDuration { get; set; }

    /// <summary>Null while there was no answer.</summary>
    public int? LastStatus { get; set; }

    /// <summary>What went wrong, or the beginning of the answer of a failed try.</summary>
    public string? LastError { get; set; }
}

public enum DeliveryState
{
    Waiting,
    Delivered,

    /// <summary>Tried over a day; only a replay brings it again.</summary>
    Failed,
}

internal sealed class EventEndpointConfiguration : IEntityTypeConfiguration<EventEndpoint>
{
    public void Configure(EntityTypeBuilder<EventEndpoint> builder)
    {
        builder.HasKey(row => new { row.TenantId, row.Id });
        builder.Property(row => row.Url).HasMaxLength(EventEndpoint.MaxUrlLength);
        builder.HasIndex(row => new { row.TenantId, row.Slot }).IsUnique();
        builder.HasOne<Tenant>().WithMany().HasForeignKey(row => row.TenantId);
    }
}

internal sealed class EventDeliveryConfiguration : IEntityTypeConfiguration<EventDelivery>
{
    public void Configure(EntityTypeBuilder<EventDelivery> builder)
    {
        builder.HasKey(row => new { row.TenantId, row.Id });
        builder.Property(row => row.Reason).HasMaxLength(200);
        builder.Property(row => row.LastError).HasMaxLength(1000);
        builder.HasIndex(row => new
        {
            row.TenantId,
            row.EndpointId,
            row.Id,
        });
        builder
            .HasIndex(
                row => new
                {
                    row.TenantId,
                    row.EndpointId,
                    row.NotBefore,
                },
                "IX_EventDeliveries_Due"
            )
            .HasFilter("\"State\" = 'Waiting'");
        builder
            .HasOne<EventEndpoint>()
            .WithMany()
            .HasForeignKey(row => new { row.TenantId, row.EndpointId })
            .OnDelete(DeleteBehavior.Cascade);
    }
}
