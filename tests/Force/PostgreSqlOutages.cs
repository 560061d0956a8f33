namespace Force;

/// <summary>
/// Three instances send one campaign while their database is killed and restarted, or every connection is cut, every few
/// seconds. An instance that ends is started again, as a service manager would.
/// </summary>
internal static class PostgreSqlOutages
{
    private const int Instances = 3;

    /// <param name="recipients">A hundred thousand in the whole proof.</param>
    /// <param name="slowMilliseconds">What each call takes at least: it stretches the campaign over several outages.</param>
    public static async Task RunAsync(
        Table table,
        PostgreSql server,
        int recipients,
        int slowMilliseconds,
        TimeSpan every
    )
    {
        await using var world = await World.CreateAsync(server, recipients);
        // Nobody gets far before all three are there.
        await world.Emulator.SetFaultsAsync(Fault.Slow(10_000));
        var settings = new PortalSettings(Concurrency: 2, LeaseSeconds: 10);
        var portals = new Portal[Instances];
        try
        {
            for (var i = 0; i < Instances; i++)
            {
                portals[i] = world.Start(settings, i + 1);
            }

            foreach (var portal in portals)
            {
                await portal.WaitUntilReadyAsync();
            }

            await world.Emulator.SetFaultsAsync(Fault.Slow(slowMilliseconds));

            var outages = 0;
            do
            {
                await Task.Delay(every);
                await (++outages % 2 == 1 ? server.RestartAsync() : server.CutAsync());
                for (var i = 0; i < Instances; i++)
                {
                    portals[i] = await AgainAsync(world, settings, portals[i], i + 1);
                }
            } while (await Ledger.StatusAsync(world.Installation) != "Sent");

            table.Add(
                FormattableString.Invariant(
                    $"PostgreSQL: killed or cut off, {Instances} instances sending {recipients:N0}"
                ),
                outages,
                await Verdict.ReadAsync(world.Installation, world.Emulator)
            );
        }
        finally
        {
            foreach (var portal in portals.OfType<Portal>())
            {
                await portal.DisposeAsync();
            }
        }
    }

    private static async Task<Portal> AgainAsync(World world, PortalSettings settings, Portal portal, int instance)
    {
        if (!portal.HasEnded)
        {
            return portal;
        }

        await portal.DisposeAsync();
        return world.Start(settings, instance);
    }
}
