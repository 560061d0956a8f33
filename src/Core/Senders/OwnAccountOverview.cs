using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>What may be shown of a tenant's own account: never the key, never a secret.</summary>
/// <param name="LeftUntilProven">An earlier account is still there for calls in doubt.</param>
public sealed record OwnAccountView(OwnKeyView? Key, IReadOnlyList<WebhookSecretView> Secrets, bool LeftUntilProven)
{
    /// <summary>Names of unfinished campaigns that go out from its domains, five at most.</summary>
    public IReadOnlyList<string> Campaigns { get; init; } = [];
}

public sealed record OwnKeyView(Guid AccountId, string LastFour, DateTimeOffset SetAt, string SetBy);

/// <param name="EndsAt">When it stops being accepted by itself; null while it is the account's that holds.</param>
public sealed record WebhookSecretView(
    Guid Id,
    string LastFour,
    DateTimeOffset AddedAt,
    string AddedBy,
    DateTimeOffset? EndsAt
);

/// <summary>Reads it for the tenant's owners.</summary>
public sealed class OwnAccountOverview(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public async Task<OwnAccountView> ExecuteAsync(Caller caller, CancellationToken cancellation = default)
    {
        await using var db = portal.Read(caller.Scope);
        await portal.DemandToReadAsync(db, caller, TenantRole.Owner, nameof(OwnAccountOverview), cancellation);
        var key = await db
            .OwnAccounts.Where(row => row.IsCurrent)
            .Select(row => new OwnKeyView(row.AccountId, row.LastFour, row.SetAt, row.SetBy))
            .SingleOrDefaultAsync(cancellation);
        var secrets = await db
            .OwnWebhookSecrets.OrderBy(row => row.AddedAt)
            .Select(row => new WebhookSecretView(row.Id, row.LastFour, row.AddedAt, row.AddedBy, row.EndsAt))
            .ToListAsync(cancellation);
        return new OwnAccountView(
            key,
            secrets,
            await db.OwnAccounts.AnyAsync(row => row.LeftAt != null && row.ApiKey != null, cancellation)
        )
        {
            Campaigns = key is null
                ? []
                : await db.UnfinishedCampaignsAsync(
                    db.SenderIdentities.Where(sender => sender.Domain!.AccountId == key.AccountId)
                        .Select(sender => sender.Id),
                    cancellation
                ),
        };
    }
}
