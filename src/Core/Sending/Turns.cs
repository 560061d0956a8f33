using System.Runtime.CompilerServices;
using Ledgerpost.Data;
using Ledgerpost.Senders;

namespace Ledgerpost.Sending;

/// <summary>
/// Whose turn it is: the tenants one after the other, and of each the campaigns one after the other; all its transactional
/// mails together, the oldest first, are as one campaign more. In memory: each instance
/// takes its own turns, and so all together do. Lost with the process, which costs nobody more than one place in the queue.
/// </summary>
/// <param name="keepFor">How old the list of who waits may be; a newcomer waits so long at most before it is in.</param>
/// <param name="own">The tenant's own account whose turns these are; null for the installation's.</param>
public sealed class Turns(TimeSpan keepFor, CurrentAccount? own = null)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, long> _tenantTurns = [];
    private readonly Dictionary<(Guid TenantId, Guid CampaignId), long> _campaignTurns = [];
    private List<Waiting> _waiting = [];
    private DateTimeOffset _asOf = DateTimeOffset.MinValue;
    private long _turn;

    /// <summary>A campaign that has something to send for the first time, or the transactional mails of a tenant.</summary>
    public sealed record Waiting(Guid TenantId, Guid CampaignId, int Run, DateTimeOffset? LaunchedAt)
    {
        public bool IsEmails => CampaignId == Guid.Empty;

        public static Waiting Emails(Guid tenantId) => new(tenantId, Guid.Empty, 0, null);
    }

    /// <summary>True while somebody is known to wait, and that knowledge is new enough.</summary>
    public bool IsFresh(DateTimeOffset now)
    {
        lock (_lock)
        {
            return _waiting.Count > 0 && _asOf + keepFor > now;
        }
    }

    /// <summary>Looks who waits, for any number of campaigns in one statement.</summary>
    public async Task RefreshAsync(PortalDbContext context, DateTimeOffset now, CancellationToken cancellation)
    {
        var instant = InstantConverter.ToMicroseconds(now);
        var waiting = await context.ListAsync(
            FormattableStringFactory.Create(
                $$"""
                SELECT m."TenantId", m."Id", m."CurrentRun", m."LaunchedAt" FROM "Campaigns" AS m
                WHERE m."Status" = 'Sending' AND m."Kind" = 0 AND (
                    EXISTS (
                        SELECT 1 FROM "Chunks" AS c
                        WHERE c."TenantId" = m."TenantId" AND c."CampaignId" = m."Id" AND c."State" = 'Planned'
                            AND c."RunNumber" = m."CurrentRun" AND c."DoubtfulSince" IS NULL
                            AND (c."NotBefore" IS NULL OR c."NotBefore" <= {0}))
                    OR EXISTS (
                        SELECT 1 FROM "Chunks" AS c
                        WHERE c."TenantId" = m."TenantId" AND c."CampaignId" = m."Id" AND c."State" = 'Leased'
                            AND c."RunNumber" = m."CurrentRun" AND c."DoubtfulSince" IS NULL AND c."LeaseEnds" <= {0}))
                    AND {{RunThrough.Account(own, "{1}")}}{{(own is null ? "" : """ AND m."TenantId" = {2}""")}}
                """,
                instant,
                own?.Id ?? Guid.Empty,
                own?.OwnerId ?? Guid.Empty
            ),
            row => new Waiting(row.GetGuid(0), row.GetGuid(1), row.GetInt32(2), row.InstantOrNull(3)),
            cancellation
        );
        waiting.AddRange((await EmailQueue.TenantsAsync(context, own, now, cancellation)).Select(Waiting.Emails));
        lock (_lock)
        {
            _waiting = waiting;
            _asOf = now;
            Forget(_tenantTurns, waiting.Select(one => one.TenantId));
            Forget(_campaignTurns, waiting.Select(one => (one.TenantId, one.CampaignId)));
        }
    }

    public Waiting? Next()
    {
        lock (_lock)
        {
            return _waiting.MinBy(one =>
                (
                    _tenantTurns.GetValueOrDefault(one.TenantId),
                    _campaignTurns.GetValueOrDefault((one.TenantId, one.CampaignId)),
                    one.LaunchedAt
                )
            );
        }
    }

    /// <summary>It had its turn: all others come before its next.</summary>
    /// <param name="campaignId">Nothing for a transactional mail.</param>
    public void Had(Guid tenantId, Guid campaignId)
    {
        lock (_lock)
        {
            _tenantTurns[tenantId] = ++_turn;
            _campaignTurns[(tenantId, campaignId)] = _turn;
        }
    }

    /// <summary>It has nothing to send now.</summary>
    public void Drop(Waiting done)
    {
        lock (_lock)
        {
            _waiting.Remove(done);
        }
    }

    private static void Forget<TKey>(Dictionary<TKey, long> turns, IEnumerable<TKey> still)
        where TKey : notnull
    {
        var kept = still.ToHashSet();
        foreach (var gone in turns.Keys.Where(id => !kept.Contains(id)).ToList())
        {
            turns.Remove(gone);
        }
    }
}
