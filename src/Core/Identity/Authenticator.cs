using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Identity;

/// <summary>The app that shows a person's codes; an account without this row has none.</summary>
public sealed class Authenticator
{
    public required Guid UserId { get; init; }

    /// <summary>Encrypted with the installation's keys, because it is needed again.</summary>
    public required string Secret { get; set; }

    /// <summary>The step of the newest code that was taken: that one, and any before it, is no code any more.</summary>
    public required long LastStep { get; set; }

    public required DateTimeOffset EnabledAt { get; init; }
}

/// <summary>A code that stands in for the authenticator once.</summary>
public sealed class RecoveryCode
{
    public required Guid UserId { get; init; }

    /// <summary>HMAC-SHA256 under the account's id; the code itself is shown once and kept nowhere.</summary>
    public required string CodeHash { get; init; }

    public DateTimeOffset? UsedAt { get; set; }
}

internal sealed class AuthenticatorConfiguration : IEntityTypeConfiguration<Authenticator>
{
    public void Configure(EntityTypeBuilder<Authenticator> builder)
    {
        builder.ToTable("Authenticators");
        builder.HasKey(row => row.UserId);
        builder.Property(row => row.UserId).ValueGeneratedNever();
        builder.HasOne<PortalUser>().WithOne().HasForeignKey<Authenticator>(row => row.UserId);
    }
}

internal sealed class RecoveryCodeConfiguration : IEntityTypeConfiguration<RecoveryCode>
{
    public void Configure(EntityTypeBuilder<RecoveryCode> builder)
    {
        builder.ToTable("RecoveryCodes");
        builder.HasKey(row => new { row.UserId, row.CodeHash });
        builder.Property(row => row.CodeHash).HasMaxLength(64);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(row => row.UserId);
    }
}
