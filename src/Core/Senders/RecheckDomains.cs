using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Senders;

/// <summary>
/// Looks at every domain again by itself, one after the other: a verification that was lost stops what is being sent, and one
/// that came is there without anybody pressing. Of several instances one looks at each.
/// </summary>
public sealed class RecheckDomains(
    PortalDb portal,
    DomainRegistration registration,
    DomainSignal signal,
    ILogger<RecheckDomains> logger
)
{
    private static readonly TimeSpan LongestNap = TimeSpan.FromMinutes(1);

    /// <summary>Between two domains: the calls are beside those of sending, whose rate they share.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    public Task RunAsync(CancellationToken stopping) =>
        Loop.RunAsync(
            async token =>
            {
                var looked = await RunOnceAsync(token);
                if (looked)
                {
                    await Task.Delay(Rest, portal.Time, token);
                }

                return looked;
            },
            NapAsync,
            signal,
            portal.Time,
            logger,
            stopping
        );

    /// <returns>Whether one was due.</returns>
    public async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        if (await TakeAsync(cancellation) is not { } domain)
        {
            return false;
        }

        Guid? own;
        await using (var db = portal.Read(TenantScope.For(domain.TenantId)))
        {
            own = await SenderAccounts.OwnOfAsync(db, domain.AccountId, cancellation);
        }

        var outcome = await registration.LookAsync(
            Caller.System(domain.TenantId),
            TenantRole.Owner,
            domain,
            own,
            cancellation
        );
        if (outcome is DomainOutcome.Known { Status: var status } && status != domain.Status)
        {
            logger.LogInformation(
                "Domain {DomainId} of tenant {TenantId} is {Status} now; it was {Before}.",
                domain.Id,
                domain.TenantId,
                status,
                domain.Status
            );
        }

        signal.Told(domain.TenantId);
        return true;
    }

    private async Task<TimeSpan> NapAsync(CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.Installation);
        var next = await db
            .SendingDomains.Where(row => db.Tenants.Living().Any(tenant => tenant.Id == row.TenantId))
            .MinAsync(row => (DateTimeOffset?)row.NextCheckAt, cancellation);
        var nap = (next - portal.Time.GetUtcNow()) ?? LongestNap;
        return TimeSpan.FromTicks(Math.Clamp(nap.Ticks, Rest.Ticks, LongestNap.Ticks));
    }

    /// <summary>Whoever moves its next look has it: of all who try one.</summary>
    private async Task<SendingDomain?> TakeAsync(CancellationToken cancellation)
    {
        var now = portal.Time.GetUtcNow();
        SendingDomain? due;
        await using (var db = portal.Read(TenantScope.Installation))
        {
            due = await db
                .SendingDomains.Where(row =>
                    row.NextCheckAt <= now && db.Tenants.Living().Any(tenant => tenant.Id == row.TenantId)
                )
                // Somebody sits before the one that is not verified yet; and of the others there may be thousands.
                .OrderBy(row => row.Status == DomainStatus.Verified)
                .ThenBy(row => row.NextCheckAt)
                .FirstOrDefaultAsync(cancellation);
        }

        if (due is null)
        {
            return null;
        }

        var until = now + DomainSchedule.Lease;
        var taken = await portal.WriteBesideOthersAsync(
            TenantScope.For(due.TenantId),
            (db, token) =>
                db
                    .SendingDomains.Where(row => row.Id == due.Id && row.NextCheckAt == due.NextCheckAt)
                    .ExecuteUpdateAsync(set => set.SetProperty(row => row.NextCheckAt, until), token),
            cancellation
        );
        return taken == 1 ? due : null;
    }
}
