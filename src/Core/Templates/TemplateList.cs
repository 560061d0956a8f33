using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Templates;

/// <summary>A template as a list shows it, without its content.</summary>
public sealed record TemplateRow(
    Guid Id,
    string Name,
    string Subject,
    int Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt
)
{
    public static TemplateRow Of(Template template) =>
        new(template.Id, template.Name, template.Subject, template.Version, template.CreatedAt, template.UpdatedAt);
}

/// <param name="Next">What to name as <c>after</c> for the next older ones; null at the end.</param>
public sealed record TemplateListPage(IReadOnlyList<TemplateRow> Rows, Guid? Next);

public sealed class TemplateList(PortalDb portal)
{
    public const int MaxPageSize = 200;

    /// <summary>Newest first, by id: its time never changes, so a page stays where it is while others are added.</summary>
    /// <param name="after">The last id of the page before; null for the newest.</param>
    /// <param name="limit">1 to <see cref="MaxPageSize"/>.</param>
    public async Task<TemplateListPage> ExecuteAsync(
        TenantScope scope,
        Guid? after,
        int limit,
        CancellationToken cancellation = default
    )
    {
        // One more tells the API whether there is a next page.
        limit = Math.Clamp(limit, 1, MaxPageSize + 1);
        await using var db = portal.Read(scope);
        var older = after is { } last ? db.Templates.Where(row => row.Id.CompareTo(last) < 0) : db.Templates;
        var rows = await older
            .OrderByDescending(row => row.Id)
            .Take(limit + 1)
            .Select(row => new TemplateRow(row.Id, row.Name, row.Subject, row.Version, row.CreatedAt, row.UpdatedAt))
            .ToListAsync(cancellation);
        return rows.Count > limit
            ? new TemplateListPage(rows[..limit], rows[limit - 1].Id)
            : new TemplateListPage(rows, Next: null);
    }

    /// <returns>Null when it is not there, or is another tenant's.</returns>
    public async Task<Template?> FindAsync(TenantScope scope, Guid templateId, CancellationToken cancellation = default)
    {
        await using var db = portal.Read(scope);
        return await FindAsync(db, templateId, cancellation);
    }

    /// <summary>The same within a command's transaction.</summary>
    public static Task<Template?> FindAsync(PortalDbContext db, Guid templateId, CancellationToken cancellation) =>
        db.Templates.SingleOrDefaultAsync(row => row.Id == templateId, cancellation);
}
