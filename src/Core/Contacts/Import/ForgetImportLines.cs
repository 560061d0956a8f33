using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Contacts.Import;

/// <summary>
/// Lets go of the lines of imports that ended ninety days ago: they have addresses, also of people who are no contacts. The
/// import itself stays with its counts.
/// </summary>
public sealed class ForgetImportLines(PortalDb portal)
{
    public static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    /// <summary>Rows of one transaction.</summary>
    public const int AtOnce = 1_000;

    /// <returns>How many are gone; a part of them at a time, so that nobody waits for it.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        if (portal.Time.MayNotForget())
        {
            return 0;
        }

        List<Guid> tenants;
        await using (var context = portal.Read(TenantScope.None))
        {
            tenants = await context.Tenants.Select(tenant => tenant.Id).ToListAsync(cancellation);
        }

        var gone = 0;
        foreach (var tenantId in tenants)
        {
            foreach (var importId in await OldAsync(tenantId, cancellation))
            {
                int some;
                do
                {
                    some = await SomeAsync(tenantId, importId, cancellation);
                    gone += some;
                } while (some == AtOnce);
            }
        }

        return gone;
    }

    private async Task<List<Guid>> OldAsync(Guid tenantId, CancellationToken cancellation)
    {
        var before = portal.Time.GetUtcNow() - Kept;
        await using var context = portal.Read(TenantScope.For(tenantId));
        return await context
            .ContactImports.Where(import =>
                import.FinishedAt < before && context.ContactImportLines.Any(line => line.ImportId == import.Id)
            )
            .Select(import => import.Id)
            .ToListAsync(cancellation);
    }

    private Task<int> SomeAsync(Guid tenantId, Guid importId, CancellationToken cancellation) =>
        portal.WriteBesideOthersAsync(
            TenantScope.For(tenantId),
            async (context, token) =>
            {
                var lines = context.ContactImportLines.Where(line => line.ImportId == importId);
                // Up to the last of so many: a statement that walks along the index and needs no list.
                var last =
                    await lines
                        .OrderBy(line => line.Line)
                        .Skip(AtOnce - 1)
                        .Select(line => (int?)line.Line)
                        .FirstOrDefaultAsync(token)
                    ?? int.MaxValue;
                return await lines.Where(line => line.Line <= last).ExecuteDeleteAsync(token);
            },
            cancellation
        );
}
