using System.Data.Common;
using System.Runtime.ExceptionServices;
using Ledgerpost.Audit;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Deletion;

/// <summary>
/// Removes what tenants had whose deletion has begun: table by table, a bounded number of rows in each transaction, with a
/// rest after it, so that others send meanwhile. It keeps nothing in memory; after a crash it goes on with what is left.
/// </summary>
public sealed class DeleteTenants(
    PortalDb portal,
    IDomainProvider domains,
    ImportFiles files,
    CrashPoints crash,
    ILogger<DeleteTenants> logger
)
{
    /// <summary>So long a transaction should last: others wait for it.</summary>
    private static readonly TimeSpan Aim = TimeSpan.FromMilliseconds(25);

    private const int AtLeast = 50;

    private TenantTables? _tables;

    /// <summary>Rows in one transaction, at most.</summary>
    public int AtMost { get; init; } = 2000;

    /// <returns>How many tenants are gone now. One with a call under way is left for later.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        var gone = 0;
        Exception? failure = null;
        foreach (var tenant in await BegunAsync(cancellation))
        {
            try
            {
                gone += await DeleteAsync(tenant, cancellation) ? 1 : 0;
            }
            catch (Exception exception)
                when (exception is DbException or DbUpdateException or TenantBusyException or IOException)
            {
                // The others do not wait for it; it is gone on with where it stopped.
                failure ??= exception;
                logger.LogError(
                    exception,
                    "The deletion of tenant {TenantId} stopped; it goes on by itself",
                    tenant.Id
                );
            }
        }

        if (gone == 0 && failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return gone;
    }

    private async Task<bool> DeleteAsync(Tenant tenant, CancellationToken cancellation)
    {
        if (await HasCallsAsync(tenant.Id, cancellation))
        {
            return false;
        }

        await CountAsync(tenant, cancellation);
        await LeaveProviderAsync(tenant.Id, cancellation);
        await DeleteFilesAsync(tenant.Id, cancellation);
        foreach (var table in Tables.Names)
        {
            await EmptyAsync(tenant.Id, table, cancellation);
        }

        await EraseLogAsync(tenant.Id, cancellation);
        if (!await CloseAsync(tenant, cancellation))
        {
            return false;
        }

        logger.LogInformation("Tenant {TenantId} and everything that it had are deleted", tenant.Id);
        return true;
    }

    /// <summary>True while a deletion has begun and has not ended.</summary>
    public async Task<bool> IsWaitingAsync(CancellationToken cancellation) =>
        (await BegunAsync(cancellation)).Count > 0;

    private TenantTables Tables
    {
        get
        {
            if (_tables is null)
            {
                using var db = portal.Read(TenantScope.None);
                _tables = new TenantTables(db.Model);
            }

            return _tables;
        }
    }

    private async Task<List<Tenant>> BegunAsync(CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.None);
        return await db
            .Tenants.Where(tenant => tenant.DeletionBegunAt != null)
            .OrderBy(tenant => tenant.DeletionBegunAt)
            .ToListAsync(cancellation);
    }

    /// <summary>
    /// A call whose intent came before the deletion is let finish, and its settle still finds its rows. After a crash its
    /// lease runs out first; whoever settles later than that touches nothing.
    /// </summary>
    private async Task<bool> HasCallsAsync(Guid tenantId, CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.For(tenantId));
        var now = portal.Time.GetUtcNow();
        return await db.Chunks.AnyAsync(
            chunk => chunk.State == ChunkState.Leased && chunk.LeaseEnds > now,
            cancellation
        );
    }

    private async Task CountAsync(Tenant tenant, CancellationToken cancellation)
    {
        if (tenant.DeletionRows is not null)
        {
            return;
        }

        var rows = 0L;
        foreach (var table in Tables.Names)
        {
            await using var db = portal.Read(TenantScope.For(tenant.Id));
            rows += await Tables.CountAsync(db, table, tenant.Id, cancellation);
        }

        await portal.WriteAsync(
            TenantScope.For(tenant.Id),
            (db, token) =>
                db
                    .Tenants.Where(row => row.Id == tenant.Id)
                    .ExecuteUpdateAsync(set => set.SetProperty(row => row.DeletionRows, rows), token),
            cancellation
        );
    }

    // Asked once each time: what the provider does not give up now stays in the account and is named in the log.
    private async Task LeaveProviderAsync(Guid tenantId, CancellationToken cancellation)
    {
        List<string?> registered;
        await using (var db = portal.Read(TenantScope.For(tenantId)))
        {
            // What stands in an account of its own is left to whoever has that account.
            registered = await db
                .SendingDomains.Where(domain =>
                    db.ProviderAccounts.Any(account => account.Id == domain.AccountId && account.OwnerId == null)
                )
                .Select(domain => domain.ProviderDomainId)
                .ToListAsync(cancellation);
        }

        foreach (var id in registered.OfType<string>())
        {
            if (await domains.DeleteAsync(id, cancellation) is not (DomainAnswer.Done or DomainAnswer.NotFound))
            {
                logger.LogWarning("The provider did not give up domain {DomainId}; remove it in its account", id);
            }
        }
    }

    private async Task DeleteFilesAsync(Guid tenantId, CancellationToken cancellation)
    {
        var here = files.Here();
        await using var db = portal.Read(TenantScope.For(tenantId));
        var imports = await db
            .ContactImports.Where(import => here.Contains(import.Id))
            .Select(import => import.Id)
            .ToListAsync(cancellation);
        imports.ForEach(files.Delete);
    }

    private async Task EmptyAsync(Guid tenantId, string table, CancellationToken cancellation)
    {
        var size = Math.Min(AtMost, AtLeast * 4);
        while (true)
        {
            await crash.ReachAsync(CrashPoints.BeforeRemoval, cancellation);
            var began = portal.Time.GetTimestamp();
            var removed = await portal.WriteAsync(
                TenantScope.For(tenantId),
                async (db, token) =>
                {
                    var rows = await Tables.DeleteAsync(db, table, tenantId, size, token);
                    if (rows > 0)
                    {
                        await db
                            .Tenants.Where(row => row.Id == tenantId)
                            .ExecuteUpdateAsync(
                                set => set.SetProperty(row => row.DeletionRemoved, row => row.DeletionRemoved + rows),
                                token
                            );
                    }

                    return rows;
                },
                cancellation
            );
            if (removed < size)
            {
                return;
            }

            size = await RestAsync(size, portal.Time.GetElapsedTime(began), cancellation);
        }
    }

    /// <summary>As long as the transaction took: the other half of the time is everybody else's.</summary>
    private async Task<int> RestAsync(int size, TimeSpan took, CancellationToken cancellation)
    {
        if (took > TimeSpan.Zero)
        {
            await Task.Delay(took, portal.Time, cancellation);
        }

        return took > Aim * 2 ? Math.Max(AtLeast, size / 2)
            : took < Aim ? Math.Min(AtMost, size * 2)
            : size;
    }

    private async Task EraseLogAsync(Guid tenantId, CancellationToken cancellation)
    {
        long last;
        await using (var db = portal.Read(TenantScope.For(tenantId)))
        {
            last = await db.AuditEntries.MaxAsync(entry => (long?)entry.Sequence, cancellation) ?? 0;
        }

        for (var from = 1L; from <= last; from += AtMost)
        {
            var began = portal.Time.GetTimestamp();
            await portal.WriteAsync(
                TenantScope.For(tenantId),
                async (db, token) =>
                {
                    // Another instance may have closed the log meanwhile: its last entry keeps what it says.
                    if (await db.Tenants.AnyAsync(row => row.Id == tenantId, token))
                    {
                        await ErasedEntries.EraseAsync(db, tenantId, from, Math.Min(last, from + AtMost - 1), token);
                    }
                },
                cancellation
            );
            await RestAsync(AtMost, portal.Time.GetElapsedTime(began), cancellation);
        }
    }

    /// <returns>False when rows have come meanwhile, written by whoever had begun before; the next round removes them.</returns>
    private async Task<bool> CloseAsync(Tenant tenant, CancellationToken cancellation) =>
        await portal.WriteAsync(
            TenantScope.Installation,
            async (db, token) =>
            {
                // Before the tenant, as whoever applies events has it: none of an account of its own is being applied while
                // the account goes.
                await db.LockEventsAsync(token);
                await db.LockTenantAsync(tenant.Id, token);
                foreach (var table in Tables.Names)
                {
                    if (await Tables.HasAnyAsync(db, table, tenant.Id, token))
                    {
                        return false;
                    }
                }

                // Of two instances one closes it.
                if (await db.Tenants.SingleOrDefaultAsync(row => row.Id == tenant.Id, token) is not { } row)
                {
                    return false;
                }

                await TenantEnd.WriteAsync(db, row, portal.Time.GetUtcNow(), token);
                await ForgetAccountsAsync(db, tenant.Id, token);
                db.Tenants.Remove(row);
                return true;
            },
            cancellation
        );

    /// <summary>Its own provider accounts, and events of them that turned out to be about nobody's mail.</summary>
    private static async Task ForgetAccountsAsync(PortalDbContext db, Guid tenantId, CancellationToken cancellation)
    {
        var own = db.ProviderAccounts.Where(account => account.OwnerId == tenantId);
        await db
            .WebhookMessages.Where(message => own.Any(account => account.Id == message.AccountId))
            .ExecuteDeleteAsync(cancellation);
        await own.ExecuteDeleteAsync(cancellation);
    }
}
