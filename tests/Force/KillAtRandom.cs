namespace Force;

/// <summary>SIGKILL from outside while eight calls are under way, wherever that hits; again and again on one campaign.</summary>
internal static class KillAtRandom
{
    public static async Task RunAsync(Table table, PostgreSql? postgreSql, int kills, int seed)
    {
        var random = new Random(seed);
        // Slow enough that no process can send all before it dies.
        await using var world = await World.CreateAsync(postgreSql, (kills * 4_000) + 2_000);
        await world.Emulator.SetFaultsAsync(Fault.Slow(200));
        for (var kill = 0; kill < kills; kill++)
        {
            var before = await world.Emulator.CallsAsync();
            await using var portal = world.Start(new PortalSettings(8, null, null, world.Lease));
            await Wait.UntilAsync(
                "calls come in",
                async () => await world.Emulator.CallsAsync() > before,
                portal.ThrowIfEnded
            );
            await Task.Delay(random.Next(50, 700));
            await portal.KillAsync();
        }

        await world.FinishAsync();
        table.Add(
            $"{world.Database}: SIGKILL from outside, 8 calls under way",
            kills,
            await Verdict.ReadAsync(world.Installation, world.Emulator)
        );
    }
}
