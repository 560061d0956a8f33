using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Data;

/// <summary>
/// The one row about the installation, made by its first start. The clock goes on from the mark in it, before anything
/// is decided by the time.
/// </summary>
public sealed class EnsureInstallation(PortalDb portal)
{
    public async Task ExecuteAsync(CancellationToken cancellation)
    {
        await EnsureAsync(cancellation);
        await using var db = portal.Read(TenantScope.None);
        if (
            portal.Time is EffectiveTime clock
            && await db.Installation.Select(row => row.ClockMark).SingleAsync(cancellation) is { } mark
        )
        {
            clock.Resume(mark);
        }
    }

    private Task EnsureAsync(CancellationToken cancellation) =>
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
