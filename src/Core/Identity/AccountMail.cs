using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Identity;

/// <summary>
/// A mail of the portal's own, about an account: written with the change that it tells of, sent afterwards. Its bytes are
/// frozen and its key is its id, so that a repeat is the same mail; it is given up before the provider forgets keys.
/// </summary>
public sealed class AccountMail
{
    public required Guid Id { get; init; }

    /// <summary>To whom; null once it is over.</summary>
    public string? To { get; set; }

    public required AccountMailKind Kind { get; init; }

    /// <summary>The request as JSON, encrypted since it holds a link that works; null once it is over.</summary>
    public string? Body { get; set; }

    public required AccountMailState State { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its link has ended, and it is not worth sending any more.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    public required DateTimeOffset NotBefore { get; set; }
    public int Tries { get; set; }

    /// <summary>What the provider said at last; without addresses and links.</summary>
    public string? LastError { get; set; }
}

public enum AccountMailKind
{
    SetUp,
    Invitation,
    PasswordReset,

    /// <summary>How far an organisation's audit log had come; without a link.</summary>
    AuditAnchor,

    /// <summary>The provider has taken a sending domain's verification back.</summary>
    DomainUnverified,

    /// <summary>A webhook endpoint was disabled by itself.</summary>
    EndpointDisabled,
}

public enum AccountMailState
{
    Waiting,
    Accepted,
    Refused,

    /// <summary>Too late: whether it went out is not known.</summary>
    GivenUp,
}

/// <summary>A link that lets its person choose another password; single use.</summary>
public sealed class PasswordReset
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>SHA-256 of the token; the token itself is in the mail alone.</summary>
    public required string TokenHash { get; init; }

    public required Guid UserId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? UsedAt { get; set; }
}

/// <summary>
/// Somebody asked for a new password. Written for every address alike, looked up later: whoever asks learns neither from
/// the answer nor from its time whether there is such an account.
/// </summary>
public sealed class ResetRequest
{
    /// <summary>Version 7: in the order in which they were asked.</summary>
    public required Guid Id { get; init; }

    /// <summary>As typed, shortened.</summary>
    public required string Typed { get; init; }
    public string? From { get; init; }
    public required DateTimeOffset At { get; init; }
}

internal sealed class AccountMailConfiguration : IEntityTypeConfiguration<AccountMail>
{
    public void Configure(EntityTypeBuilder<AccountMail> builder)
    {
        builder.ToTable("AccountMails");
        builder.Property(mail => mail.To).HasMaxLength(320);
        builder.Property(mail => mail.LastError).HasMaxLength(200);
        builder
            .HasIndex(mail => mail.NotBefore)
            .HasDatabaseName("IX_AccountMails_Due")
            .HasFilter("\"State\" = 'Waiting'");
    }
}

internal sealed class PasswordResetConfiguration : IEntityTypeConfiguration<PasswordReset>
{
    public void Configure(EntityTypeBuilder<PasswordReset> builder)
    {
        builder.ToTable("PasswordResets");
        builder.HasKey(row => row.TokenHash);
        builder.Property(row => row.TokenHash).HasMaxLength(64);
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(row => row.UserId);
    }
}

internal sealed class ResetRequestConfiguration : IEntityTypeConfiguration<ResetRequest>
{
    public void Configure(EntityTypeBuilder<ResetRequest> builder)
    {
        builder.ToTable("ResetRequests");
        builder.Property(row => row.Typed).HasMaxLength(320);
        builder.Property(row => row.From).HasMaxLength(64);
    }
}
