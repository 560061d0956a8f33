using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Identity;

/// <summary>Where an attempt or a command about an account comes from.</summary>
/// <param name="From">The network address.</param>
/// <param name="Browser">In words, such as "Firefox on Windows".</param>
public sealed record Origin(string? From, string Browser)
{
    public static Origin Nowhere { get; } = new(null, "Unknown browser");
}

/// <summary>
/// What changes accounts: one transaction at a time in the whole installation, audited in the installation's log, since an
/// account belongs to no tenant.
/// </summary>
internal sealed class AccountWork(PortalDbContext db, DateTimeOffset now, IIds ids)
{
    public PortalDbContext Db => db;
    public DateTimeOffset Now => now;
    public IIds Ids => ids;

    public Task AuditAsync(
        PortalUser user,
        string action,
        string? from,
        object? details,
        CancellationToken cancellation
    ) => AuditAsync(ActorOf(user, from), action, user.Id.ToString(), user.Email ?? "", details, cancellation);

    public Task AuditAsync(
        Actor actor,
        string action,
        string targetId,
        string targetName,
        object? details,
        CancellationToken cancellation
    ) =>
        AuditLog.AppendAsync(
            db,
            Guid.Empty,
            actor,
            now,
            action,
            "account",
            targetId,
            targetName,
            details,
            cancellation
        );

    /// <summary>The account of whoever acts, if the session they act in is still theirs.</summary>
    /// <exception cref="AccessDeniedException">The session is over, or there is no such account.</exception>
    public async Task<PortalUser> DemandAsync(Actor actor, CancellationToken cancellation)
    {
        var user = await db.Users.SingleOrDefaultAsync(row => row.Id == actor.UserId, cancellation);
        if (user is null || await CheckSession.IsOverAsync(db, actor, cancellation))
        {
            throw AccessDeniedException.SessionOver();
        }

        return user;
    }

    public static Actor ActorOf(PortalUser user, string? from) =>
        new(user.IsOperator ? ActorKind.Operator : ActorKind.User, user.Id, People.Name(user), from);
}

internal static class AccountWrites
{
    /// <summary>On PostgreSQL the work may run more than once; only its last run counts.</summary>
    public static Task<T> AccountAsync<T>(
        this PortalDb portal,
        Func<AccountWork, CancellationToken, Task<T>> work,
        CancellationToken cancellation
    ) =>
        portal.WriteAsync(
            TenantScope.Installation,
            (db, token) => work(new AccountWork(db, portal.Time.GetUtcNow(), portal.Ids), token),
            cancellation
        );
}
