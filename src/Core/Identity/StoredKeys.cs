using System.Xml.Linq;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Identity;

/// <summary>
/// Data-protection keys in the database: a backup holds them, and instances on one database share cookies. Their secrets are
/// encrypted (<see cref="KeyRingSeal"/>). The interface is synchronous; it is called a few times in a process' life.
/// </summary>
public sealed class StoredKeys(PortalDb portal) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var db = portal.Read(TenantScope.Installation);
        return [.. db.DataProtectionKeys.Select(key => key.Xml).AsEnumerable().Select(XElement.Parse)];
    }

    /// <exception cref="DatabaseUnsafeException">The ring is under another audit key.</exception>
    public void StoreElement(XElement element, string friendlyName) =>
        portal
            .WriteAsync(
                TenantScope.Installation,
                async (db, token) =>
                {
                    // Of two that begin at the same time under different audit keys, one is first, and the ring is its.
                    var ring = await db.DataProtectionKeys.Select(key => key.Xml).ToListAsync(token);
                    new KeyRingSeal(db.AuditKeys).Demand(ring);
                    db.DataProtectionKeys.Add(
                        new StoredKey
                        {
                            FriendlyName = friendlyName,
                            Xml = element.ToString(SaveOptions.DisableFormatting),
                        }
                    );
                },
                CancellationToken.None
            )
            .GetAwaiter()
            .GetResult();

    /// <summary>
    /// At the start, before anything is decrypted: all keys can be opened, a new audit key is kept where there are none, and those
    /// that an earlier version stored unencrypted, or that are under a former audit key, are written anew.
    /// </summary>
    /// <exception cref="DatabaseUnsafeException">One cannot be opened. Nobody is signed out and no secret is given up for it.</exception>
    internal static async Task SealAsync(PortalDb portal, AuditKeys keys, CancellationToken cancellation)
    {
        var seal = new KeyRingSeal(keys);
        await using (var read = portal.Read(TenantScope.Installation))
        {
            var ring = await read.DataProtectionKeys.Select(key => key.Xml).ToListAsync(cancellation);
            bool stale;
            try
            {
                stale = seal.Demand(ring);
            }
            catch (DatabaseUnsafeException exception)
            {
                portal.Safety.Fired(SafetyMechanism.DatabaseUnsafe, exception.Message);
                throw;
            }

            keys.Keep();
            if (!stale)
            {
                return;
            }
        }

        await portal.WriteAsync(
            TenantScope.Installation,
            async (db, token) =>
            {
                foreach (var key in await db.DataProtectionKeys.ToListAsync(token))
                {
                    key.Xml = seal.Renewed(key.Xml) ?? key.Xml;
                }
            },
            cancellation
        );
        // What it was before must not stay in SQLite's log.
        await portal.EmptyLogAsync(cancellation);
    }
}
