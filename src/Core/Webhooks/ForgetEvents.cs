using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Webhooks;

/// <summary>
/// Lets go of stored events that were applied or ignored a month ago; their lines in the recipients' stories stay. One that
/// the provider brings again after that finds its line there. What waits or was set aside stays.
/// </summary>
public sealed class ForgetEvents(PortalDb db)
{
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    private const int BatchSize = 1_000;

    /// <returns>How many are gone; a part of them at a time, so that nobody waits for it.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        if (db.Time.MayNotForget())
        {
            return 0;
        }

        List<Guid> tenants;
        await using (var context = db.Read(TenantScope.None))
        {
            tenants = await context.Tenants.Select(tenant => tenant.Id).ToListAsync(cancellation);
        }

        var gone = 0;
        foreach (var tenantId in tenants.Append(Guid.Empty))
        {
            int some;
            do
            {
                some = await SomeAsync(tenantId, cancellation);
                gone += some;
            } while (some > 0);
        }

        return gone;
    }

    private async Task<int> SomeAsync(Guid tenantId, CancellationToken cancellation)
    {
        var before = db.Time.GetUtcNow() - Kept;
        await using var context = db.Read(TenantScope.Installation);
        var oldest = Old(context, tenantId, before).OrderBy(message => message.ReceivedAt);
        if (!await oldest.AnyAsync(cancellation))
        {
            return 0;
        }

        // Up to the instant of the last of so many: a statement that walks along the index and needs no list.
        var last =
            await oldest
                .Skip(BatchSize - 1)
                .Select(message => (DateTimeOffset?)message.ReceivedAt)
                .FirstOrDefaultAsync(cancellation)
            ?? before;
        return await db.WriteBesideOthersAsync(
            TenantScope.Installation,
            (writing, token) => Old(writing, tenantId, last).ExecuteDeleteAsync(token),
            cancellation
        );
    }

    private static IQueryable<WebhookMessage> Old(PortalDbContext context, Guid tenantId, DateTimeOffset until) =>
        context.WebhookMessages.Where(message =>
            message.TenantId == tenantId
            && message.ReceivedAt <= until
            && (message.State == WebhookState.Applied || message.State == WebhookState.Ignored)
        );
}
