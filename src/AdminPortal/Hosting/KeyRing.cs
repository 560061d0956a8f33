using System.Security.Cryptography;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;

namespace AdminPortal.Hosting;

/// <summary>The data-protection keys of the portal, in its database and encrypted (<see cref="KeyRingSeal"/>).</summary>
internal static class KeyRing
{
    public static void AddKeyRing(this IServiceCollection services)
    {
        services.AddDataProtection().SetApplicationName("Ledgerpost");
        services
            .AddOptions<KeyManagementOptions>()
            .Configure<PortalDb, KeyRingSeal>(
                (options, db, seal) => (options.XmlRepository, options.XmlEncryptor) = (new StoredKeys(db), seal)
            );
        services.AddSingleton<KeyRingSeal>();
    }

    /// <summary>
    /// The ring's first key, before anything is written: of several instances that start for the first time at the same moment,
    /// each with an audit key of its own, one begins it, and the others are told whose it is.
    /// </summary>
    public static async Task BeginAsync(IDataProtectionProvider protection, PortalDb db, CancellationToken cancellation)
    {
        try
        {
            protection.CreateProtector(nameof(KeyRing)).Protect([0]);
        }
        catch (CryptographicException)
        {
            await db.SealAsync(cancellation);
            throw;
        }
    }

    /// <summary>
    /// The same for a verb, which may write before any start has: from then on the ring knows the audit key that the log was
    /// sealed with, and a start without it is refused.
    /// </summary>
    public static async Task BeginAsync(PortalDb db, AuditKeys keys, CancellationToken cancellation)
    {
        var services = new ServiceCollection();
        services.AddSingleton(db).AddSingleton(keys).AddKeyRing();
        await using var all = services.BuildServiceProvider();
        await BeginAsync(all.GetRequiredService<IDataProtectionProvider>(), db, cancellation);
    }
}
