using System.Globalization;
using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Webhooks;

/// <summary>A place in the list, the newest first: what comes after it is older.</summary>
public sealed record EventCursor(DateTimeOffset ReceivedAt, string MessageId)
{
    /// <returns>Null for a text that is none.</returns>
    public static EventCursor? TryParse(string? text) =>
        text?.Split('_', 2) is [var at, { Length: > 0 } id]
        && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var micros)
        && micros <= InstantConverter.ToMicroseconds(DateTimeOffset.MaxValue)
            ? new EventCursor(InstantConverter.FromMicroseconds(micros), id)
            : null;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{InstantConverter.ToMicroseconds(ReceivedAt)}_{MessageId}");
}

/// <param name="State">Null for all.</param>
public sealed record EventListQuery(WebhookState? State = null, EventCursor? After = null, int Take = 50);

/// <param name="Campaign">Whose mail it was about, with the address; null where it was about none of the tenant's.</param>
/// <param name="IsEmail">It was about a transactional mail; <paramref name="Campaign"/> is its subject then.</param>
public sealed record EventListItem(
    Guid AccountId,
    string MessageId,
    string? Type,
    WebhookState State,
    DateTimeOffset ReceivedAt,
    DateTimeOffset? AppliedAt,
    DateTimeOffset? LooksAgainAt,
    string? WaitsForEmailId,
    string? Note,
    Guid? CampaignId,
    string? Campaign,
    int? RecipientNumber,
    string? Email,
    bool IsEmail = false
);

/// <param name="Next">Where the next page begins; null on the last.</param>
public sealed record EventListPage(IReadOnlyList<EventListItem> Items, EventCursor? Next);

/// <summary>
/// The provider's events, as they came in and what became of them. A tenant sees those about its own mails, and all that its own
/// account brought; an operator those of the installation's account that are about nobody's, or not yet, and nothing of what they
/// say but their type.
/// </summary>
public sealed class ListEvents(PortalDb db)
{
    public const int MaxTake = 200;

    public async Task<EventListPage> ExecuteAsync(
        TenantScope scope,
        EventListQuery query,
        CancellationToken cancellation
    )
    {
        await using var context = db.Read(scope);
        return await PageAsync(context, scope.TenantId, query, cancellation);
    }

    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<EventListPage> ExecuteAsync(Actor actor, EventListQuery query, CancellationToken cancellation)
    {
        await using var context = db.Read(TenantScope.Installation);
        await db.DemandOperatorToReadAsync(context, actor, nameof(ListEvents), cancellation);
        return await PageAsync(context, Guid.Empty, query, cancellation);
    }

    private static async Task<EventListPage> PageAsync(
        PortalDbContext context,
        Guid tenantId,
        EventListQuery query,
        CancellationToken cancellation
    )
    {
        var take = Math.Clamp(query.Take, 1, MaxTake);
        var found = context.WebhookMessages.Where(message => message.TenantId == tenantId);
        // The small index of what is not applied is found by these words alone.
        found = query.State switch
        {
            null => found,
            WebhookState.Applied => found.Where(message => message.State == WebhookState.Applied),
            var state => found.Where(message => message.State != WebhookState.Applied && message.State == state),
        };
        if (query.After is { } after)
        {
            found = found.Where(message =>
                message.ReceivedAt < after.ReceivedAt
                || (message.ReceivedAt == after.ReceivedAt && message.MessageId.CompareTo(after.MessageId) < 0)
            );
        }

        var rows = await found
            .OrderByDescending(message => message.ReceivedAt)
            .ThenByDescending(message => message.MessageId)
            .Take(take + 1)
            .Select(message => new EventListItem(
                message.AccountId,
                message.MessageId,
                message.Type,
                message.State,
                message.ReceivedAt,
                message.AppliedAt,
                message.State == WebhookState.Waiting ? message.NotBefore : null,
                message.WaitsForEmailId,
                message.Note,
                message.CampaignId,
                context
                    .Campaigns.Where(c => c.TenantId == tenantId && c.Id == message.CampaignId)
                    .Select(c => c.Name)
                    .FirstOrDefault(),
                message.RecipientNumber,
                context
                    .Recipients.Where(r =>
                        r.TenantId == tenantId
                        && r.CampaignId == message.CampaignId
                        && r.Number == message.RecipientNumber
                    )
                    .Select(r => r.Email)
                    .FirstOrDefault(),
                context.Campaigns.Any(c =>
                    c.TenantId == tenantId && c.Id == message.CampaignId && c.Kind == CampaignKind.Email
                )
            ))
            .ToListAsync(cancellation);
        var items = rows.Count > take ? rows[..take] : rows;
        return new EventListPage(
            items,
            rows.Count > take ? new EventCursor(items[^1].ReceivedAt, items[^1].MessageId) : null
        );
    }
}
