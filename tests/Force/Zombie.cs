using Ledgerpost.Data;
using Ledgerpost.Sending;

namespace Force;

/// <summary>
/// SIGSTOP at a point, longer than the lease; meanwhile, on PostgreSQL, another instance sends everything. Then SIGCONT: what
/// the zombie still does may change neither ledger nor chunks.
/// </summary>
internal static class Zombie
{
    private const int LeaseSeconds = 3;

    public static async Task RunAsync(Table table, PostgreSql? postgreSql, string point)
    {
        await using var world = await World.CreateAsync(postgreSql, 600);
        var settings = new PortalSettings(1, null, point + "#2", LeaseSeconds);
        await using var zombie = world.Start(settings);
        await zombie.WaitUntilStoppedAsync();
        var touched = 0;
        if (world.Installation.Provider == DatabaseProvider.PostgreSql)
        {
            await using (
                var other = world.Start(new PortalSettings(Concurrency: 2, LeaseSeconds: LeaseSeconds), instance: 2)
            )
            {
                await world.WaitUntilSentAsync(other.ThrowIfEnded);
            }

            var before = await Ledger.FingerprintAsync(world.Installation);
            zombie.Continue();
            await (
                point == CrashPoints.BeforeIntent
                    // Its intent touches no row, and it says nothing about that.
                    ? Task.Delay(TimeSpan.FromSeconds(3))
                    : zombie.WaitUntilItSaysAsync("the lease was lost; nothing changed")
            );
            touched = before == await Ledger.FingerprintAsync(world.Installation) ? 0 : 1;
        }
        else
        {
            await Task.Delay(TimeSpan.FromSeconds(LeaseSeconds + 1));
            zombie.Continue();
            await world.WaitUntilSentAsync(zombie.ThrowIfEnded);
        }

        await zombie.KillAsync();
        table.Add(
            $"{world.Database}: SIGSTOP {point} for longer than the lease",
            1,
            await Verdict.ReadAsync(world.Installation, world.Emulator) + new Verdict(0, 0, touched)
        );
    }
}
