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

    /// <summary>In which the person acts, once that is known: beside each entry from then on.</summary>
    public Guid? SessionId { get; set; }

    public Task AuditAsync(
        PortalUser user,
        string action,
        string? from,
        object? details,
        CancellationToken cancellation
    ) => AuditAsync(ActorOf(user, from), action, user.Id.ToString(), user.Email ?? "", details, cancellation);

    /// <summary>
    /// The same in the log of each organisation that the person belongs to: whoever keeps its log has to see who came in,
    /// and who tried.
    /// </summary>
    public async Task AuditEverywhereAsync(
        PortalUser user,
        string action,
        string? from,
        object? details,
        CancellationToken cancellation
    )
    {
        var tenants = await db
            .Memberships.Where(row => row.UserId == user.Id)
            .Join(db.Tenants.Living(), row => row.TenantId, tenant => tenant.Id, (row, tenant) => tenant.Id)
            // In one order, so that nobody waits in a circle.
            .OrderBy(id => id)
            .ToListAsync(cancellation);
        foreach (var log in tenants.Append(Guid.Empty))
        {
            await AuditLog.AppendAsync(
                db,
                log,
                ActorOf(user, from),
                now,
                action,
                "account",
                user.Id.ToString(),
                user.Email ?? "",
                details,
                cancellation
            );
        }
    }

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
            throw AccessDeniedException.SessionOver(actor);
        }

        SessionId = actor.SessionId;
        return user;
    }

    private Actor ActorOf(PortalUser user, string? from) =>
        new(user.IsOperator ? ActorKind.Operator : ActorKind.User, user.Id, People.Name(user), from, SessionId);
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
            patience: null,
            (db, token) => work(new AccountWork(db, portal.Time.GetUtcNow(), portal.Ids), token),
            cancellation,
            asked: work
        );
}
