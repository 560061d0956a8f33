using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace AdminPortal.Features.Tenants;

/// <summary>All tenants as an operator sees them: how they fare, nothing of what they hold.</summary>
public sealed class TenantHealthList(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<IReadOnlyList<TenantHealth>> ReadAsync(Actor actor, CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.Installation);
        await portal.DemandOperatorToReadAsync(db, actor, nameof(TenantHealthList), cancellation);
        var owning = InviteFirstOwner.Owning(db);
        return await db
            .Tenants.OrderBy(tenant => tenant.Name)
            .ThenBy(tenant => tenant.Slug)
            .Select(tenant => new TenantHealth(
                tenant.Id,
                tenant.Name,
                tenant.Slug,
                tenant.CreatedAt,
                db.Memberships.Count(row => row.TenantId == tenant.Id),
                owning.Any(row => row.TenantId == tenant.Id),
                db.Contacts.Count(row => row.TenantId == tenant.Id),
                db.Campaigns.Composed()
                    .Count(row =>
                        row.TenantId == tenant.Id
                        && (row.Status == CampaignStatus.Sending || row.Status == CampaignStatus.Preparing)
                    ),
                db.Campaigns.Composed().Count(row => row.TenantId == tenant.Id && row.Status == CampaignStatus.Partial)
            )
            {
                Deletion =
                    tenant.DeletionBegunAt == null
                        ? null
                        : new TenantDeletion(tenant.DeletionBegunAt.Value, tenant.DeletionRows, tenant.DeletionRemoved),
            })
            .ToListAsync(cancellation);
    }
}

/// <param name="HasOwner">One who has come; false also while the first one's link waits.</param>
public sealed record TenantHealth(
    Guid TenantId,
    string Name,
    string Slug,
    DateTimeOffset CreatedAt,
    int Members,
    bool HasOwner,
    int Contacts,
    int Sending,
    int Partial
)
{
    /// <summary>Null for one that stays.</summary>
    public TenantDeletion? Deletion { get; init; }
}
