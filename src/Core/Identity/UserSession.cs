using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ledgerpost.Identity;

/// <summary>One sign-in in one browser. The cookie holds its id and nothing that would hold without this row.</summary>
public sealed class UserSession
{
    /// <summary>How long a session lives that is not used.</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromHours(12);

    /// <summary>How long one lives at most, however much it is used.</summary>
    public static readonly TimeSpan AgeLimit = TimeSpan.FromDays(7);

    /// <summary>How long the list remembers a session that is over, and the history an attempt.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromDays(90);

    public required Guid Id { get; init; }
    public required Guid UserId { get; init; }

    /// <summary>The account's security stamp as it was; another one means another password, and the end of this session.</summary>
    public required string Stamp { get; set; }

    public required SignInMethod Method { get; init; }

    /// <summary>More than a password was shown in it.</summary>
    public required bool SecondFactor { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>To within <see cref="CheckSession.SeenEvery"/>.</summary>
    public required DateTimeOffset LastSeenAt { get; set; }

    /// <summary>The network address that it was opened from.</summary>
    public string? From { get; init; }

    /// <summary>In words, such as "Firefox on Windows".</summary>
    public required string Browser { get; init; }

    public DateTimeOffset? EndedAt { get; set; }
    public SessionEnd? EndedBy { get; set; }
}

public enum SignInMethod
{
    Password,
    Authenticator,
    RecoveryCode,
    Passkey,

    /// <summary>A set-up link, whose token was as good as a password.</summary>
    Link,
}

/// <summary>Why a session is over; a page says it in a sentence.</summary>
public enum SessionEnd
{
    SignedOut,

    /// <summary>By its person, from another session.</summary>
    Revoked,
    PasswordChanged,

    /// <summary>The person was an operator, and another operator decided that they are none any more.</summary>
    RightsTaken,

    /// <summary>Not used for too long, or too old. Never stored: the clock says it.</summary>
    Expired,

    /// <summary>There is no such session. Never stored.</summary>
    Unknown,
}

/// <summary>One attempt to sign in to an account that exists.</summary>
public sealed class SignInRecord
{
    public required Guid Id { get; init; }
    public required Guid UserId { get; init; }
    public required DateTimeOffset At { get; init; }
    public required SignInResult Result { get; init; }
    public required SignInMethod Method { get; init; }
    public string? From { get; init; }
    public required string Browser { get; init; }
}

public enum SignInResult
{
    SignedIn,
    WrongPassword,
    WrongCode,
    WrongPasskey,

    /// <summary>The wrong attempt that closed the account for a while.</summary>
    LockedOut,

    /// <summary>Refused unseen, because the account was closed.</summary>
    WhileLocked,
}

internal sealed class UserSessionConfiguration : IEntityTypeConfiguration<UserSession>
{
    public void Configure(EntityTypeBuilder<UserSession> builder)
    {
        builder.HasKey(session => session.Id);
        builder.Property(session => session.Stamp).HasMaxLength(64);
        builder.Property(session => session.From).HasMaxLength(64);
        builder.Property(session => session.Browser).HasMaxLength(100);
        builder.HasIndex(session => new { session.UserId, session.CreatedAt });
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(session => session.UserId);
    }
}

internal sealed class SignInRecordConfiguration : IEntityTypeConfiguration<SignInRecord>
{
    public void Configure(EntityTypeBuilder<SignInRecord> builder)
    {
        builder.HasKey(record => record.Id);
        builder.Property(record => record.From).HasMaxLength(64);
        builder.Property(record => record.Browser).HasMaxLength(100);
        builder.HasIndex(record => new { record.UserId, record.At });
        builder.HasOne<PortalUser>().WithMany().HasForeignKey(record => record.UserId);
    }
}
