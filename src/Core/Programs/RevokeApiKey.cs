using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Programs;

/// <summary>From the commit on, no command of this key is carried out.</summary>
public sealed class RevokeApiKey(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public Task<ApiKeyOutcome> ExecuteAsync(Caller caller, Guid keyId, CancellationToken cancellation) =>
        portal.CommandAsync<ApiKeyOutcome>(
            caller,
            TenantRole.Owner,
            async (command, token) =>
            {
                var key = await command.Db.ApiKeys.SingleOrDefaultAsync(
                    row => row.Id == keyId && row.RevokedAt == null,
                    token
                );
                if (key is null)
                {
                    return new ApiKeyOutcome.NotFound();
                }

                key.RevokedAt = command.Now;
                command.Audit("api_key.revoked", "api_key", key.Id.ToString(), key.Name, new { key.LastUsedAt });
                return new ApiKeyOutcome.Revoked(ApiKeyRow.Of(key));
            },
            cancellation
        );
}

/// <summary>The tenant's keys that hold, newest first, for an owner.</summary>
public sealed class ApiKeyList(PortalDb portal)
{
    // One more than a page of the API shows, which tells it whether there is a next one.
    public const int MaxPageSize = 201;

    /// <param name="after">The last id of the page before.</param>
    /// <param name="limit">1 to <see cref="MaxPageSize"/>.</param>
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public async Task<IReadOnlyList<ApiKeyRow>> ExecuteAsync(
        Caller caller,
        Guid? after,
        int limit,
        CancellationToken cancellation
    )
    {
        await using var db = portal.Read(caller.Scope);
        await portal.DemandToReadAsync(db, caller, TenantRole.Owner, nameof(ApiKeyList), cancellation);
        var keys = await db
            .ApiKeys.Where(key => key.RevokedAt == null)
            .NewestFirst(key => key.Id, after)
            .Take(Math.Clamp(limit, 1, MaxPageSize))
            .ToListAsync(cancellation);
        return [.. keys.Select(ApiKeyRow.Of)];
    }
}
