using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>Which tenants a person may enter. A tenant that they may not enter answers as one that is not there.</summary>
public sealed class TenantDirectory(PortalDb portal)
{
    /// <summary>The person's tenants by name, for the switcher and the chooser.</summary>
    public async Task<IReadOnlyList<TenantEntry>> OfPersonAsync(Guid userId, CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.Installation);
        // Ordered before it becomes an entry: by an entry's own name the database cannot order.
        return await db
            .Memberships.Where(membership => membership.UserId == userId)
            .Join(
                db.Tenants,
                membership => membership.TenantId,
                tenant => tenant.Id,
                (membership, tenant) => new { tenant, membership.Role }
            )
            .OrderBy(row => row.tenant.Name)
            .ThenBy(row => row.tenant.Slug)
            .Select(row => new TenantEntry(
                row.tenant.Id,
                row.tenant.Slug,
                row.tenant.Name,
                row.tenant.TimeZone,
                row.Role,
                false,
                false
            ))
            .ToListAsync(cancellation);
    }

    /// <summary>Null when there is no such tenant and when the person is not its member.</summary>
    /// <param name="sessionId">The one in which they come.</param>
    public async Task<TenantEntry?> EnterAsync(
        Guid userId,
        Guid? sessionId,
        string slug,
        CancellationToken cancellation
    )
    {
        await using var db = portal.Read(TenantScope.Installation);
        return await db
            .Tenants.Where(tenant => tenant.Slug == slug)
            .Join(
                db.Memberships.Where(membership => membership.UserId == userId),
                tenant => tenant.Id,
                membership => membership.TenantId,
                (tenant, membership) =>
                    new TenantEntry(
                        tenant.Id,
                        tenant.Slug,
                        tenant.Name,
                        tenant.TimeZone,
                        membership.Role,
                        tenant.RequiresSecondFactor
                            && !db.Sessions.Any(session => session.Id == sessionId && session.SecondFactor),
                        tenant.RequiresSecondFactor,
                        tenant.MailsAnchors
                    )
            )
            .SingleOrDefaultAsync(cancellation);
    }
}

/// <summary>A tenant as one of its members sees it.</summary>
/// <param name="NeedsSecondFactor">It asks for one, and this session has shown none: nothing of it may be seen yet.</param>
public sealed record TenantEntry(
    Guid TenantId,
    string Slug,
    string Name,
    string TimeZone,
    TenantRole Role,
    bool NeedsSecondFactor = false,
    bool RequiresSecondFactor = false,
    bool MailsAnchors = false
);
