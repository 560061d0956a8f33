using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Identity;

/// <summary>What a session's cookie needs.</summary>
public sealed record OpenedSession(
    Guid SessionId,
    Guid UserId,
    string UserName,
    string Email,
    string Name,
    bool Operator
);

/// <summary>Opens and ends the rows that cookies point to.</summary>
internal static class Sessions
{
    /// <summary>Opens one, with its line in the history and in the log; the account's failures are forgiven.</summary>
    public static async Task<OpenedSession> OpenAsync(
        AccountWork account,
        PortalUser user,
        SignInMethod method,
        Origin origin,
        CancellationToken cancellation
    )
    {
        user.AccessFailedCount = 0;
        user.LockoutEnd = null;
        var session = new UserSession
        {
            Id = account.Ids.New(),
            UserId = user.Id,
            Stamp = user.SecurityStamp ?? "",
            Method = method,
            SecondFactor = method is SignInMethod.Authenticator or SignInMethod.RecoveryCode or SignInMethod.Passkey,
            CreatedAt = account.Now,
            LastSeenAt = account.Now,
            From = origin.From,
            Browser = origin.Browser,
        };
        account.Db.Sessions.Add(session);
        await NoteAsync(account, user, SignInResult.SignedIn, method, origin, cancellation);
        await LockOut.SumUpAsync(account, user, cancellation);
        account.SessionId = session.Id;
        await account.AuditEverywhereAsync(
            user,
            "account.signed_in",
            origin.From,
            new { method = method.ToString(), browser = origin.Browser },
            cancellation
        );
        return new OpenedSession(
            session.Id,
            user.Id,
            user.UserName ?? "",
            user.Email ?? "",
            People.Name(user),
            user.IsOperator
        );
    }

    /// <summary>A line in the account's history; what is too old goes.</summary>
    public static async Task NoteAsync(
        AccountWork account,
        PortalUser user,
        SignInResult result,
        SignInMethod method,
        Origin origin,
        CancellationToken cancellation
    )
    {
        var old = account.Now - UserSession.Remembered;
        await account.Db.SignIns.Where(row => row.UserId == user.Id && row.At < old).ExecuteDeleteAsync(cancellation);
        await account
            .Db.Sessions.Where(row => row.UserId == user.Id && row.LastSeenAt < old)
            .ExecuteDeleteAsync(cancellation);
        account.Db.SignIns.Add(
            new SignInRecord
            {
                Id = account.Ids.New(),
                UserId = user.Id,
                At = account.Now,
                Result = result,
                Method = method,
                From = origin.From,
                Browser = origin.Browser,
            }
        );
    }

    /// <returns>How many there were.</returns>
    public static Task<int> EndAsync(
        AccountWork account,
        Guid userId,
        Guid? except,
        SessionEnd by,
        CancellationToken cancellation
    ) =>
        account
            .Db.Sessions.Where(row => row.UserId == userId && row.EndedAt == null && row.Id != except)
            .ExecuteUpdateAsync(
                row => row.SetProperty(one => one.EndedAt, account.Now).SetProperty(one => one.EndedBy, by),
                cancellation
            );
}

/// <summary>Whether a session still holds: asked by every request, by every open page twice a minute, and by every command.</summary>
public sealed class CheckSession(PortalDb portal)
{
    /// <summary>How exactly it is written down when a session was last used.</summary>
    public static readonly TimeSpan SeenEvery = TimeSpan.FromMinutes(1);

    /// <returns>Null while it holds.</returns>
    public async Task<SessionEnd?> ExecuteAsync(Guid userId, Guid sessionId, CancellationToken cancellation)
    {
        var now = portal.Time.GetUtcNow();
        await using var db = portal.Read(TenantScope.None);
        var found = await db
            .Sessions.Where(row => row.Id == sessionId && row.UserId == userId)
            .Select(row => new { Session = row, db.Users.Single(user => user.Id == userId).SecurityStamp })
            .SingleOrDefaultAsync(cancellation);
        if (found is null)
        {
            return SessionEnd.Unknown;
        }

        if (found.Session.EndedAt is not null)
        {
            return found.Session.EndedBy ?? SessionEnd.Unknown;
        }

        if (found.Session.Stamp != found.SecurityStamp)
        {
            return SessionEnd.PasswordChanged;
        }

        if (
            found.Session.LastSeenAt <= now - UserSession.IdleLimit
            || found.Session.CreatedAt <= now - UserSession.AgeLimit
        )
        {
            return SessionEnd.Expired;
        }

        if (found.Session.LastSeenAt <= now - SeenEvery)
        {
            await portal.WriteBesideOthersAsync(
                TenantScope.None,
                (write, token) =>
                    write
                        .Sessions.Where(row => row.Id == sessionId && row.EndedAt == null && row.LastSeenAt < now)
                        .ExecuteUpdateAsync(row => row.SetProperty(one => one.LastSeenAt, now), token),
                cancellation
            );
        }

        return null;
    }

    /// <summary>
    /// For a command, in its own transaction, by the same limits. An actor that acts in no session, such as a program, has
    /// none to end; a person of the portal always acts in one (<c>PortalPrincipal</c>).
    /// </summary>
    internal static async Task<bool> IsOverAsync(PortalDbContext db, Actor actor, CancellationToken cancellation)
    {
        if (actor.SessionId is not { } sessionId)
        {
            return false;
        }

        var now = db.Time.GetUtcNow();
        return !await Holding(db, now).AnyAsync(row => row.Id == sessionId && row.UserId == actor.UserId, cancellation);
    }

    /// <summary>Sessions that are not over, for whatever reason.</summary>
    internal static IQueryable<UserSession> Holding(PortalDbContext db, DateTimeOffset now)
    {
        var (idle, old) = (now - UserSession.IdleLimit, now - UserSession.AgeLimit);
        return db.Sessions.Where(row =>
            row.EndedAt == null
            && row.LastSeenAt > idle
            && row.CreatedAt > old
            && db.Users.Any(user => user.Id == row.UserId && user.SecurityStamp == row.Stamp)
        );
    }
}

/// <summary>Where a person is signed in, and who tried to be.</summary>
public sealed class SessionList(PortalDb portal)
{
    private const int MostAttempts = 50;

    /// <summary>Those that hold, the newest use first.</summary>
    public async Task<IReadOnlyList<UserSession>> OpenAsync(Guid userId, CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.None);
        return await CheckSession
            .Holding(db, portal.Time.GetUtcNow())
            .Where(row => row.UserId == userId)
            .OrderByDescending(row => row.LastSeenAt)
            .ToListAsync(cancellation);
    }

    /// <summary>The newest 50 attempts, newest first.</summary>
    public async Task<IReadOnlyList<SignInRecord>> HistoryAsync(Guid userId, CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.None);
        return await db
            .SignIns.Where(row => row.UserId == userId)
            .OrderByDescending(row => row.At)
            .ThenByDescending(row => row.Id)
            .Take(MostAttempts)
            .ToListAsync(cancellation);
    }
}

/// <summary>A person signs out somewhere: here, there, or everywhere but here.</summary>
public sealed class EndSessions(PortalDb portal)
{
    /// <param name="sessionId">One of the person's own; another person's is not found.</param>
    /// <returns>False when it was over already.</returns>
    public Task<bool> ExecuteAsync(Actor actor, Guid sessionId, CancellationToken cancellation) =>
        portal.AccountAsync(
            async (account, token) =>
            {
                var user = await account.DemandAsync(actor, token);
                var session = await account.Db.Sessions.SingleOrDefaultAsync(
                    row => row.Id == sessionId && row.UserId == user.Id && row.EndedAt == null,
                    token
                );
                if (session is null)
                {
                    return false;
                }

                var here = sessionId == actor.SessionId;
                session.EndedAt = account.Now;
                session.EndedBy = here ? SessionEnd.SignedOut : SessionEnd.Revoked;
                await account.AuditEverywhereAsync(
                    user,
                    here ? "account.signed_out" : "account.session_revoked",
                    actor.From,
                    new { session.Browser, session.From },
                    token
                );
                return true;
            },
            cancellation
        );

    /// <summary>All but the one that the person acts in.</summary>
    /// <returns>How many there were.</returns>
    public Task<int> ExecuteForOthersAsync(Actor actor, CancellationToken cancellation) =>
        portal.AccountAsync(
            async (account, token) =>
            {
                var user = await account.DemandAsync(actor, token);
                var ended = await Sessions.EndAsync(account, user.Id, actor.SessionId, SessionEnd.Revoked, token);
                if (ended > 0)
                {
                    await account.AuditAsync(
                        user,
                        "account.sessions_revoked",
                        actor.From,
                        new { sessions = ended },
                        token
                    );
                }

                return ended;
            },
            cancellation
        );
}
