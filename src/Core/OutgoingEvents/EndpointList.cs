using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.OutgoingEvents;

/// <summary>The tenant's endpoints, newest first.</summary>
public sealed class EndpointList(PortalDb portal)
{
    public async Task<IReadOnlyList<EndpointRow>> ExecuteAsync(
        TenantScope scope,
        Guid? after,
        int limit,
        CancellationToken cancellation
    )
    {
        await using var db = portal.Read(scope);
        var rows = await db
            .EventEndpoints.Where(row => row.State != EndpointState.Deleted)
            .NewestFirst(row => row.Id, after)
            .Take(limit)
            .ToListAsync(cancellation);
        return [.. rows.Select(EndpointRow.Of)];
    }

    /// <returns>Null when there is none with this id.</returns>
    public async Task<EndpointRow?> FindAsync(TenantScope scope, Guid id, CancellationToken cancellation)
    {
        await using var db = portal.Read(scope);
        return
            await db.EventEndpoints.SingleOrDefaultAsync(
                row => row.Id == id && row.State != EndpointState.Deleted,
                cancellation
            )
                is { } row
            ? EndpointRow.Of(row)
            : null;
    }
}

/// <summary>One line of an endpoint's log.</summary>
public sealed record DeliveryRow(
    Guid Id,
    string Type,
    DateTimeOffset OccurredAt,
    Guid? CampaignId,
    int? RecipientNumber,
    DeliveryState State,
    int Tries,
    int Replays,
    DateTimeOffset? NextTryAt,
    DateTimeOffset? LastTryAt,
    int? LastStatus,
    string? LastError,
    int? LastDuration
);

/// <summary>What went to an endpoint and what waits, newest first.</summary>
public sealed class DeliveryList(PortalDb portal)
{
    /// <param name="after">The last id of the page before.</param>
    /// <returns>Null when there is no such endpoint.</returns>
    public async Task<IReadOnlyList<DeliveryRow>?> ExecuteAsync(
        TenantScope scope,
        Guid endpointId,
        DeliveryState? state,
        Guid? after,
        int limit,
        CancellationToken cancellation
    )
    {
        await using var db = portal.Read(scope);
        if (
            !await db.EventEndpoints.AnyAsync(
                row => row.Id == endpointId && row.State != EndpointState.Deleted,
                cancellation
            )
        )
        {
            return null;
        }

        var rows = db.EventDeliveries.AsNoTracking().Where(row => row.EndpointId == endpointId);
        if (state is { } wanted)
        {
            rows = rows.Where(row => row.State == wanted);
        }

        var page = await rows.NewestFirst(row => row.Id, after).Take(limit).ToListAsync(cancellation);
        return
        [
            .. page.Select(row => new DeliveryRow(
                row.Id,
                EventTypes.NameOf(row.Type),
                row.OccurredAt,
                row.CampaignId,
                row.RecipientNumber,
                row.State,
                row.Tries,
                row.Replays,
                row.State == DeliveryState.Waiting ? row.NotBefore : null,
                row.LastTryAt,
                row.LastStatus,
                row.LastError,
                row.LastDuration
            )),
        ];
    }
}
