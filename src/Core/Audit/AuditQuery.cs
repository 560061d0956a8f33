using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Audit;

/// <summary>What is looked for in a tenant's log; null parts do not narrow it.</summary>
/// <param name="Actor">A person's id, or one of <c>system</c>, <c>operator</c>, <c>recipient</c>, <c>program</c>.</param>
/// <param name="Action">An action (<c>campaign.launched</c>), or all of a kind (<c>campaign</c>).</param>
/// <param name="Target"><c>kind:id</c> for exactly one, or else a part of the target's name.</param>
/// <param name="From">Included.</param>
/// <param name="Until">Excluded.</param>
public sealed record AuditFilter(
    string? Actor = null,
    string? Action = null,
    string? Target = null,
    DateTimeOffset? From = null,
    DateTimeOffset? Until = null
)
{
    public bool IsEmpty => this == new AuditFilter();

    /// <summary>Nothing but when: then the order of time is quicker than that of numbers.</summary>
    internal bool IsTimeOnly =>
        (From is not null || Until is not null) && this == new AuditFilter(From: From, Until: Until);
}

/// <param name="Older">The key after which the next page begins; null on the last page.</param>
public sealed record AuditPage(IReadOnlyList<AuditEntry> Entries, long? Older);

/// <summary>
/// Reads a tenant's log, or the installation's own, the newest first, page by page along its key: a page costs the same at the beginning and after a
/// million entries. Looked for by time alone, entries come in its order; that is the order of their numbers, unless a clock
/// was set back.
/// </summary>
public sealed class AuditQuery(PortalDb portal)
{
    public const int PageSize = 50;

    /// <param name="before">Only entries with a smaller number; null begins with the newest.</param>
    public async Task<AuditPage> ReadAsync(
        TenantScope scope,
        AuditFilter filter,
        long? before,
        CancellationToken cancellation,
        int size = PageSize
    )
    {
        await using var db = portal.Read(scope);
        return await PageAsync(db, scope, filter, before, size, cancellation);
    }

    /// <summary>The installation's own log, and no tenant's.</summary>
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<AuditPage> ReadAsync(
        Actor actor,
        AuditFilter filter,
        long? before,
        CancellationToken cancellation,
        int size = PageSize
    )
    {
        await using var db = portal.Read(TenantScope.Installation);
        await portal.DemandOperatorToReadAsync(db, actor, nameof(AuditQuery), cancellation);
        return await PageAsync(db, TenantScope.Installation, filter, before, size, cancellation);
    }

    private static async Task<AuditPage> PageAsync(
        PortalDbContext db,
        TenantScope scope,
        AuditFilter filter,
        long? before,
        int size,
        CancellationToken cancellation
    )
    {
        // The installation's scope sees every tenant's log as well.
        var log = db.AuditEntries.Where(entry => entry.TenantId == scope.TenantId);
        var entries = Narrowed(log, filter);
        var ordered = filter.IsTimeOnly
            ? await ByTimeAsync(log, entries, before, cancellation)
            : entries
                .Where(entry => before == null || entry.Sequence < before)
                .OrderByDescending(entry => entry.Sequence);
        var page = await ordered.Take(size + 1).ToListAsync(cancellation);
        return page.Count > size
            ? new AuditPage([.. page.Take(size)], page[size - 1].Sequence)
            : new AuditPage(page, null);
    }

    private static async Task<IOrderedQueryable<AuditEntry>> ByTimeAsync(
        IQueryable<AuditEntry> log,
        IQueryable<AuditEntry> entries,
        long? before,
        CancellationToken cancellation
    )
    {
        if (before is { } key)
        {
            var at = await log.Where(entry => entry.Sequence == key)
                .Select(entry => (DateTimeOffset?)entry.At)
                .SingleOrDefaultAsync(cancellation);
            entries = at is { } instant
                ? entries.Where(entry => entry.At <= instant && (entry.At < instant || entry.Sequence < key))
                : entries.Where(entry => entry.Sequence < key);
        }

        return entries.OrderByDescending(entry => entry.At).ThenByDescending(entry => entry.Sequence);
    }

    private static IQueryable<AuditEntry> Narrowed(IQueryable<AuditEntry> entries, AuditFilter filter)
    {
        entries = ByActor(entries, filter.Actor);
        if (filter.Action is { Length: > 0 } action)
        {
            var prefix = action + ".";
            entries = action.Contains('.', StringComparison.Ordinal)
                ? entries.Where(entry => entry.Action == action)
                : entries.Where(entry => entry.Action.StartsWith(prefix));
        }

        if (filter.Target is { Length: > 0 } target)
        {
            // Each alone has its own way through the log; one for both would read all of it.
            if (
                target.Split(':', 2) is [var kind, { Length: > 0 } id]
                && kind.All(one => one is '_' or (>= 'a' and <= 'z'))
            )
            {
                entries = entries.Where(entry => entry.TargetKind == kind && entry.TargetId == id);
            }
            else
            {
                var pattern = $"%{Escaped(target)}%";
                entries = entries.Where(entry => EF.Functions.Like(entry.TargetName, pattern, "\\"));
            }
        }

        if (filter.From is { } from)
        {
            entries = entries.Where(entry => entry.At >= from);
        }

        return filter.Until is { } until ? entries.Where(entry => entry.At < until) : entries;
    }

    private static IQueryable<AuditEntry> ByActor(IQueryable<AuditEntry> entries, string? actor)
    {
        if (string.IsNullOrEmpty(actor))
        {
            return entries;
        }

        if (Guid.TryParse(actor, out var person))
        {
            return entries.Where(entry => entry.ActorId == person);
        }

        return Enum.TryParse<Tenancy.ActorKind>(actor, ignoreCase: true, out var kind)
            ? entries.Where(entry => entry.ActorKind == kind)
            // A word that is no actor finds nothing, rather than everything.
            : entries.Where(entry => false);
    }

    private static string Escaped(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("%", "\\%", StringComparison.Ordinal)
            .Replace("_", "\\_", StringComparison.Ordinal);
}
