using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Identity;

/// <summary>A person with an account; what they may do in a tenant stands in their memberships.</summary>
public sealed class PortalUser : IdentityUser<Guid>
{
    /// <summary>Runs the installation: creates tenants and sees health, not tenants' content.</summary>
    public bool IsOperator { get; set; }

    public string DisplayName { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>
/// A link that works once. Without a tenant it chooses the first password: for the first operator, or for a person whose
/// account was made when they were added. With a tenant it is an invitation, which only the invited account can accept.
/// </summary>
public sealed class SetUpLink
{
    /// <summary>SHA-256 of the token; the token itself is shown once and kept nowhere.</summary>
    public required string TokenHash { get; init; }

    /// <summary>
    /// Whose password it sets, or who is invited; null for the very first operator, who names themselves.
    /// </summary>
    public Guid? UserId { get; init; }

    /// <summary>Where the person is invited; null for a link that sets a password. Never both.</summary>
    public Guid? TenantId { get; init; }

    /// <summary>As what the person is invited; null exactly when there is no tenant.</summary>
    public TenantRole? Role { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? UsedAt { get; set; }
}

internal sealed class SetUpLinkConfiguration : IEntityTypeConfiguration<SetUpLink>
{
    public void Configure(EntityTypeBuilder<SetUpLink> builder)
    {
        builder.HasKey(link => link.TokenHash);
        builder.Property(link => link.TokenHash).HasMaxLength(64);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(link => link.UserId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<Tenant>().WithMany().HasForeignKey(link => link.TenantId).OnDelete(DeleteBehavior.Cascade);
    }
}
