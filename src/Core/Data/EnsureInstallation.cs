using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Data;

/// <summary>The one row about the installation, made by its first start.</summary>
public sealed class EnsureInstallation(PortalDb portal)
{
    public Task ExecuteAsync(CancellationToken cancellation) =>
        portal.WriteAsync(
            TenantScope.None,
            async (db, ct) =>
            {
                if (!await db.Installation.AnyAsync(ct))
                {
                    db.Installation.Add(
                        new Installation
                        {
                            UnsubscribeSecret = RandomNumberGenerator.GetBytes(32),
                            CreatedAt = portal.Time.GetUtcNow(),
                        }
                    );
                }
            },
            cancellation
        );
}
