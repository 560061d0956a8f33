using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>A signed-in person accepts an invitation. The link alone opens nothing: it must be their account's.</summary>
public sealed class JoinTenant(PortalDb portal)
{
    /// <summary>What the link would do for this account, without using it up.</summary>
    /// <exception cref="AccessDeniedException">The session is over.</exception>
    public async Task<JoinAnswer> LookAsync(string token, Actor actor, CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.None);
        await portal.NotedAsync(DemandSessionAsync(db, actor, cancellation), nameof(JoinTenant));
        var (answer, link) = await LookAsync(db, token, actor.UserId, cancellation);
        await NoteAsync(answer, link, actor);
        return answer;
    }

    /// <exception cref="AccessDeniedException">The session is over.</exception>
    public async Task<JoinAnswer> ExecuteAsync(string token, Actor actor, CancellationToken cancellation)
    {
        // The person is in no tenant yet: the link says whose scope is needed, and is asked again in the transaction.
        await using var none = portal.Read(TenantScope.None);
        await portal.NotedAsync(DemandSessionAsync(none, actor, cancellation), nameof(JoinTenant));
        var (first, found) = await LookAsync(none, token, actor.UserId, cancellation);
        if (first is not JoinAnswer.Invited || found?.TenantId is not { } invitedTo)
        {
            await NoteAsync(first, found, actor);
            return first;
        }

        return await portal.WriteAsync(
            TenantScope.For(invitedTo),
            async (db, ct) =>
            {
                await DemandSessionAsync(db, actor, ct);
                var (answer, link) = await LookAsync(db, token, actor.UserId, ct);
                if (
                    answer is not JoinAnswer.Invited invited
                    || link is not { UserId: { } userId, TenantId: { } tenantId, Role: { } role }
                )
                {
                    return answer;
                }

                var now = portal.Time.GetUtcNow();
                link.UsedAt = now;
                if (await Permissions.RoleAsync(db, tenantId, userId, ct) is null)
                {
                    db.Memberships.Add(
                        new Membership
                        {
                            TenantId = tenantId,
                            UserId = userId,
                            Role = role,
                            CreatedAt = now,
                        }
                    );
                    var email = await db
                        .Users.Where(user => user.Id == userId)
                        .Select(user => user.Email)
                        .SingleAsync(ct);
                    await AuditLog.AppendAsync(
                        db,
                        tenantId,
                        actor,
                        now,
                        "member.joined",
                        "member",
                        userId.ToString(),
                        email ?? "",
                        new { role = role.ToString() },
                        ct
                    );
                }

                return new JoinAnswer.Joined(invited.Slug);
            },
            cancellation
        );
    }

    // Not in the tenant's log: whoever acts is no member of it.
    private static async Task DemandSessionAsync(PortalDbContext db, Actor actor, CancellationToken cancellation)
    {
        if (await CheckSession.IsOverAsync(db, actor, cancellation))
        {
            throw AccessDeniedException.SessionOver(actor);
        }
    }

    /// <summary>A link that came into other hands stands in the log of the tenant that it opens.</summary>
    private Task NoteAsync(JoinAnswer answer, SetUpLink? link, Actor actor) =>
        answer is JoinAnswer.OtherAccount && link?.TenantId is { } tenantId
            ? portal.Tally.NoteAsync(
                Happening.Denied(new Denial(tenantId, actor, "invitation_of_another"), nameof(JoinTenant))
            )
            : Task.CompletedTask;

    /// <returns>The link where it works, or is another's.</returns>
    private async Task<(JoinAnswer Answer, SetUpLink? Link)> LookAsync(
        PortalDbContext db,
        string token,
        Guid? userId,
        CancellationToken cancellation
    )
    {
        var link = await SetUpLinks.FindInvitationAsync(db, token, cancellation);
        if (link is not { TenantId: { } tenantId, Role: { } role })
        {
            return (new JoinAnswer.Over(), null);
        }

        // First, so that another account learns nothing more about the link.
        if (userId is null || link.UserId != userId)
        {
            return (new JoinAnswer.OtherAccount(), link);
        }

        if (link.UsedAt is not null)
        {
            return (new JoinAnswer.Used(), null);
        }

        if (link.ExpiresAt <= portal.Time.GetUtcNow())
        {
            return (new JoinAnswer.Over(), null);
        }

        var tenant = await db.Tenants.SingleAsync(row => row.Id == tenantId, cancellation);
        return (new JoinAnswer.Invited(tenant.Name, tenant.Slug, role), link);
    }
}

public abstract record JoinAnswer
{
    public sealed record Invited(string TenantName, string Slug, TenantRole Role) : JoinAnswer;

    public sealed record Joined(string Slug) : JoinAnswer;

    /// <summary>The invitation is for somebody else; to whom and where is not said.</summary>
    public sealed record OtherAccount : JoinAnswer;

    /// <summary>This account has accepted it before.</summary>
    public sealed record Used : JoinAnswer;

    /// <summary>Unknown, withdrawn, replaced or too old.</summary>
    public sealed record Over : JoinAnswer;
}
