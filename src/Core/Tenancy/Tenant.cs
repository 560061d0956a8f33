using Ledgerpost.Data;
using Ledgerpost.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Tenancy;

/// <summary>An organisation that sends from its own domain.</summary>
public sealed class Tenant
{
    public required Guid Id { get; init; }
    public required string Name { get; set; }

    /// <summary>Its part of the address <c>/t/{slug}</c>: lower-case letters, digits and hyphens, unique.</summary>
    public required string Slug { get; set; }

    /// <summary>IANA name; instants are shown in it.</summary>
    public string TimeZone { get; set; } = "UTC";

    /// <summary>Nobody sees anything of it in a session in which only a password was shown.</summary>
    public bool RequiresSecondFactor { get; set; }

    /// <summary>Its owners get each anchor of the audit log by mail.</summary>
    public bool MailsAnchors { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From here on nobody and nothing acts in it; its rows go in the background (<c>DeleteTenants</c>).</summary>
    public DateTimeOffset? DeletionBegunAt { get; set; }

    /// <summary>How many rows it had when the first of them went; null before they are counted.</summary>
    public long? DeletionRows { get; set; }

    /// <summary>How many of them are gone.</summary>
    public long DeletionRemoved { get; set; }
}

/// <summary>Tenants that are there, and not on their way out.</summary>
public static class LivingTenants
{
    public static IQueryable<Tenant> Living(this IQueryable<Tenant> tenants) =>
        tenants.Where(tenant => tenant.DeletionBegunAt == null);
}

/// <summary>Ordered: each role may do what those before it may.</summary>
public enum TenantRole
{
    /// <summary>Reads.</summary>
    Viewer,

    /// <summary>Composes and imports.</summary>
    Editor,

    /// <summary>Sends, resumes, suppresses, changes settings.</summary>
    Admin,

    /// <summary>Members, keys, domains, deletion.</summary>
    Owner,
}

/// <summary>A person's role in a tenant.</summary>
public sealed class Membership : ITenantOwned
{
    public required Guid TenantId { get; init; }
    public required Guid UserId { get; init; }
    public required TenantRole Role { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
}

internal sealed class TenantConfiguration : IEntityTypeConfiguration<Tenant>
{
    public void Configure(EntityTypeBuilder<Tenant> builder)
    {
        builder.Property(tenant => tenant.Name).HasMaxLength(100);
        builder.Property(tenant => tenant.Slug).HasMaxLength(63);
        builder.HasIndex(tenant => tenant.Slug).IsUnique();
        builder.HasIndex(tenant => tenant.DeletionBegunAt).HasFilter("\"DeletionBegunAt\" IS NOT NULL");
    }
}

internal sealed class MembershipConfiguration : IEntityTypeConfiguration<Membership>
{
    public void Configure(EntityTypeBuilder<Membership> builder)
    {
        builder.HasKey(membership => new { membership.TenantId, membership.UserId });
        builder.HasIndex(membership => membership.UserId);
        builder.HasOne<Tenant>().WithMany().HasForeignKey(membership => membership.TenantId);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(membership => membership.UserId);
    }
}
