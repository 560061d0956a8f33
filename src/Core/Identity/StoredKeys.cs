using System.Xml.Linq;
using Ledgerpost.Data;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Ledgerpost.Identity;

/// <summary>
/// Data-protection keys in the database: a backup holds them, and instances on one database share cookies. The interface
/// is synchronous; it is called a few times in a process' life.
/// </summary>
public sealed class StoredKeys(PortalDb portal) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var db = portal.Read(TenantScope.None);
        return [.. db.DataProtectionKeys.Select(key => key.Xml).AsEnumerable().Select(XElement.Parse)];
    }

    public void StoreElement(XElement element, string friendlyName) =>
        portal
            .WriteAsync(
                TenantScope.None,
                (db, _) =>
                {
                    db.DataProtectionKeys.Add(
                        new StoredKey
                        {
                            FriendlyName = friendlyName,
                            Xml = element.ToString(SaveOptions.DisableFormatting),
                        }
                    );
                    return Task.CompletedTask;
                },
                CancellationToken.None
            )
            .GetAwaiter()
            .GetResult();
}
