using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Audit;

/// <summary>What is looked for in a tenant's log; null parts do not narrow it.</summary>
/// <param name="Actor">A person's id, or one of <c>system</c>, <c>operator</c>, <c>recipient</c>, <c>program</c>.</param>
/// <param name="Action">An action (<c>campaign.launched</c>), or all of a kind (<c>campaign</c>).</param>
/// <param name="Target">A part of the target's name, or <c>kind:id</c> for exactly one.</param>
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
}

/// <param name="Older">The key after which the next page begins; null on the last page.</param>
public sealed record AuditPage(IReadOnlyList<AuditEntry> Entries, long? Older);

/// <summary>
/// Reads a tenant's log, the newest first, page by page along its key: a page costs the same at the beginning and after a
/// million entries.
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
        var entries = Narrowed(db.AuditEntries, filter);
        if (before is { } key)
        {
            entries = entries.Where(entry => entry.Sequence < key);
        }

        var page = await entries.OrderByDescending(entry => entry.Sequence).Take(size + 1).ToListAsync(cancellation);
        return page.Count > size
            ? new AuditPage([.. page.Take(size)], page[size - 1].Sequence)
            : new AuditPage(page, null);
    }

    private static IQueryable<AuditEntry> Narrowed(IQueryable<AuditEntry> entries, AuditFilter filter)
    {
        entries = ByActor(entries, filter.Actor);
        if (filter.Action is { Length: > 0 } action)
        {
            var kind = action + ".";
            entries = action.Contains('.', StringComparison.Ordinal)
                ? entries.Where(entry => entry.Action == action)
                : entries.Where(entry => entry.Action.StartsWith(kind));
        }

        if (filter.Target is { Length: > 0 } target)
        {
            var (targetKind, targetId) = target.Split(':', 2) is [var first, var second] ? (first, second) : ("", "");
            var pattern = $"%{Escaped(target)}%";
            entries = entries.Where(entry =>
                EF.Functions.Like(entry.TargetName, pattern, "\\")
                || (entry.TargetKind == targetKind && entry.TargetId == targetId)
            );
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
