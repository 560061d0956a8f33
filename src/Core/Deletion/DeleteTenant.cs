using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Deletion;

/// <summary>What goes with a tenant, in numbers, for the question before.</summary>
public sealed record TenantHoldings(
    string Name,
    int Members,
    int Contacts,
    int Campaigns,
    int Sending,
    int Domains,
    int ApiKeys
);

/// <summary>
/// The first step of a tenant's deletion, one transaction: from its commit on no intent is written, nobody is let in and
/// nothing is delivered. What it has is removed afterwards (<see cref="DeleteTenants"/>). It cannot be taken back.
/// </summary>
public sealed class DeleteTenant(PortalDb portal, DeletionSignal signal)
{
    /// <summary>An owner deletes the own organisation.</summary>
    /// <param name="name">As typed; must be the tenant's.</param>
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public async Task<DeleteTenantResult> ExecuteAsync(Caller caller, string name, CancellationToken cancellation) =>
        Told(
            await portal.WriteAsync(
                // Its members, keys and campaigns, and the installation's log.
                TenantScope.Installation,
                async (db, token) =>
                {
                    await Permissions.DemandAsync(db, caller, TenantRole.Owner, token);
                    var command = new CommandContext(db, caller.Actor, portal.Time.GetUtcNow(), portal.Ids);
                    return await command.RunAsync(
                        record: null,
                        (inner, stop) => BeginAsync(inner, caller.TenantId, name, stop),
                        token
                    );
                },
                cancellation
            )
        );

    /// <summary>An operator deletes a tenant.</summary>
    /// <param name="name">As typed; null from a program, which names the tenant by its id.</param>
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<DeleteTenantResult> ExecuteAsync(
        Actor actor,
        Guid tenantId,
        string? name,
        ICommandRecord? record,
        CancellationToken cancellation
    ) =>
        Told(
            await portal.OperatorCommandAsync(
                actor,
                record,
                (command, token) => BeginAsync(command, tenantId, name, token),
                cancellation
            )
        );

    /// <summary>For an owner.</summary>
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public async Task<TenantHoldings> LookAsync(Caller caller, CancellationToken cancellation)
    {
        await using var db = portal.Read(caller.Scope);
        await portal.DemandToReadAsync(db, caller, TenantRole.Owner, nameof(DeleteTenant), cancellation);
        return (await HoldingsAsync(db, caller.TenantId, cancellation))!;
    }

    /// <summary>For an operator; null when there is no such tenant, or its deletion has begun.</summary>
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<TenantHoldings?> LookAsync(Actor actor, Guid tenantId, CancellationToken cancellation)
    {
        await using (var installation = portal.Read(TenantScope.Installation))
        {
            await portal.DemandOperatorToReadAsync(installation, actor, nameof(DeleteTenant), cancellation);
        }

        await using var db = portal.Read(TenantScope.For(tenantId));
        return await HoldingsAsync(db, tenantId, cancellation);
    }

    private DeleteTenantResult Told(DeleteTenantResult result)
    {
        if (result is DeleteTenantResult.Begun)
        {
            signal.Raise();
        }

        return result;
    }

    private static Task<TenantHoldings?> HoldingsAsync(
        PortalDbContext db,
        Guid tenantId,
        CancellationToken cancellation
    ) =>
        db
            .Tenants.Living()
            .Where(tenant => tenant.Id == tenantId)
            .Select(tenant => new TenantHoldings(
                tenant.Name,
                db.Memberships.Count(row => row.TenantId == tenantId),
                db.Contacts.Count(row => row.TenantId == tenantId),
                db.Campaigns.Composed().Count(row => row.TenantId == tenantId),
                db.Campaigns.Composed()
                    .Count(row =>
                        row.TenantId == tenantId
                        && (row.Status == CampaignStatus.Sending || row.Status == CampaignStatus.Preparing)
                    ),
                db.SendingDomains.Count(row => row.TenantId == tenantId),
                db.ApiKeys.Count(row => row.TenantId == tenantId && row.RevokedAt == null)
            ))
            .SingleOrDefaultAsync(cancellation);

    private static async Task<DeleteTenantResult> BeginAsync(
        CommandContext command,
        Guid tenantId,
        string? name,
        CancellationToken cancellation
    )
    {
        var db = command.Db;
        // Every intent of before is committed now, and every later one sees what is written here.
        await db.LockTenantAsync(tenantId, cancellation);
        if (await db.Tenants.SingleOrDefaultAsync(row => row.Id == tenantId, cancellation) is not { } tenant)
        {
            return new DeleteTenantResult.NotFound();
        }

        if (tenant.DeletionBegunAt is not null)
        {
            return new DeleteTenantResult.Begun(TenantRow.Of(tenant));
        }

        if (name is not null && !string.Equals(name.Trim(), tenant.Name, StringComparison.Ordinal))
        {
            return new DeleteTenantResult.OtherName();
        }

        var holdings = await HoldingsAsync(db, tenantId, cancellation);
        tenant.DeletionBegunAt = command.Now;
        await LockOutAsync(db, tenantId, command.Now, cancellation);
        await StopAsync(db, tenantId, command.Now, cancellation);
        var id = tenantId.ToString();
        command.Audit("tenant.deletion_begun", "tenant", id, tenant.Name, holdings);
        await AuditLog.AppendAsync(
            db,
            tenantId,
            command.Actor,
            command.Now,
            "tenant.deletion_begun",
            "tenant",
            id,
            tenant.Name,
            holdings,
            cancellation
        );
        return new DeleteTenantResult.Begun(TenantRow.Of(tenant));
    }

    /// <summary>Members, invited people and programs: a few rows each.</summary>
    private static async Task LockOutAsync(
        PortalDbContext db,
        Guid tenantId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        await db.Memberships.Where(row => row.TenantId == tenantId).ExecuteDeleteAsync(cancellation);
        await db.SetUpLinks.Where(link => link.TenantId == tenantId).ExecuteDeleteAsync(cancellation);
        await db
            .ApiKeys.Where(key => key.TenantId == tenantId && key.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(key => key.RevokedAt, now), cancellation);
        await db
            .EventEndpoints.Where(endpoint => endpoint.TenantId == tenantId)
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(endpoint => endpoint.State, EndpointState.Deleted)
                        .SetProperty(endpoint => endpoint.Secret, "")
                        .SetProperty(endpoint => endpoint.OldSecret, (string?)null),
                cancellation
            );
        await db
            .ContactImports.Where(import =>
                import.TenantId == tenantId
                && (import.Status == ImportStatus.Queued || import.Status == ImportStatus.Running)
            )
            .ExecuteUpdateAsync(set => set.SetProperty(import => import.Status, ImportStatus.Failed), cancellation);
    }

    /// <summary>
    /// Campaigns end here, so that no loop takes them up. Transactional mails, of which there may be millions, stay as they
    /// are: the intent and the turns ask for the tenant.
    /// </summary>
    private static async Task StopAsync(
        PortalDbContext db,
        Guid tenantId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var open = await db
            .Campaigns.Composed()
            .Where(campaign =>
                campaign.TenantId == tenantId
                && campaign.Status != CampaignStatus.Draft
                && campaign.Status != CampaignStatus.Sent
                && campaign.Status != CampaignStatus.Cancelled
            )
            .Select(campaign => new { campaign.Id, campaign.Status })
            .ToListAsync(cancellation);
        foreach (var campaign in open)
        {
            await CampaignTransitions.TryMoveAsync(
                db,
                tenantId,
                campaign.Id,
                campaign.Status,
                CampaignStatus.Cancelled,
                now,
                cancellation
            );
        }
    }
}

public abstract record DeleteTenantResult
{
    /// <summary>By this call or by one before it.</summary>
    public sealed record Begun(TenantRow Tenant) : DeleteTenantResult;

    /// <summary>What was typed is not the tenant's name; nothing was done.</summary>
    public sealed record OtherName : DeleteTenantResult;

    public sealed record NotFound : DeleteTenantResult;
}

/// <summary>Raised when a deletion begins.</summary>
public sealed class DeletionSignal : WakeUp;
