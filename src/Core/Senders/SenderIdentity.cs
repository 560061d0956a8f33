using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Senders;

/// <summary>A domain that the tenant proved to own; mail is sent only from a verified one.</summary>
public sealed class SendingDomain : ITenantOwned
{
    public const int MaxRemark = 500;

    public required Guid TenantId { get; init; }
    public required Guid Id { get; init; }

    /// <summary>ASCII, lower case; unique in the whole installation, so that no tenant can send as another.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is registered, and so what everything from it goes through: the installation's account or the tenant's own.</summary>
    public required Guid AccountId { get; set; }

    /// <summary>The tenant's own account that it was registered at before; null when it never left one.</summary>
    public Guid? LeftAccountId { get; set; }

    /// <summary>Its id there: a key that can read it is a key of that account.</summary>
    public string? LeftDomainId { get; set; }

    /// <summary>Where the provider sends from; cannot be changed there.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>The provider's own id; null until it has answered.</summary>
    public string? ProviderDomainId { get; set; }

    public required DomainStatus Status { get; set; }

    /// <summary>JSON array of the DNS records that the provider asks for.</summary>
    public string Records { get; set; } = "[]";

    /// <summary>When the provider last told.</summary>
    public DateTimeOffset? CheckedAt { get; set; }

    /// <summary>When it is asked again by itself; taken by whoever asks, who moves it first (<see cref="DomainSchedule"/>).</summary>
    public DateTimeOffset NextCheckAt { get; set; }

    /// <summary>Looks in a row that found it as it was; the pauses grow with it.</summary>
    public int Looks { get; set; }

    /// <summary>Why it could not be looked at, or what is wrong with it, in a sentence; null when there is nothing to say.</summary>
    public string? Remark { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>The provider's words.</summary>
public enum DomainStatus
{
    NotStarted,
    Pending,
    Verified,
    PartiallyVerified,
    PartiallyFailed,
    Failed,
}

/// <summary>Who a mail comes from: a name and an address at one of the tenant's domains.</summary>
public sealed class SenderIdentity : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid Id { get; init; }
    public required Guid DomainId { get; init; }
    public required string LocalPart { get; init; }
    public string? DisplayName { get; set; }
    public string? ReplyTo { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
    public SendingDomain? Domain { get; init; }
}

internal sealed class SendingDomainConfiguration : IEntityTypeConfiguration<SendingDomain>
{
    public void Configure(EntityTypeBuilder<SendingDomain> builder)
    {
        builder.HasKey(domain => new { domain.TenantId, domain.Id });
        builder.Property(domain => domain.Name).HasMaxLength(253);
        builder.Property(domain => domain.Remark).HasMaxLength(SendingDomain.MaxRemark);
        builder.HasIndex(domain => domain.Name).IsUnique();
        builder.HasIndex(domain => domain.NextCheckAt);
        builder.HasOne<Tenant>().WithMany().HasForeignKey(domain => domain.TenantId);
        builder.HasOne<ProviderAccount>().WithMany().HasForeignKey(domain => domain.AccountId);
    }
}

internal sealed class SenderIdentityConfiguration : IEntityTypeConfiguration<SenderIdentity>
{
    public void Configure(EntityTypeBuilder<SenderIdentity> builder)
    {
        builder.HasKey(sender => new { sender.TenantId, sender.Id });
        builder.Property(sender => sender.LocalPart).HasMaxLength(64);
        builder.Property(sender => sender.DisplayName).HasMaxLength(100);
        builder.Property(sender => sender.ReplyTo).HasMaxLength(320);
        builder
            .HasIndex(sender => new
            {
                sender.TenantId,
                sender.DomainId,
                sender.LocalPart,
            })
            .IsUnique();
        builder
            .HasOne(sender => sender.Domain)
            .WithMany()
            .HasForeignKey(sender => new { sender.TenantId, sender.DomainId })
            .OnDelete(DeleteBehavior.Restrict);
    }
}
