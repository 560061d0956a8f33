using Bench;
using Force;
using Ledgerpost.Sending;

// dotnet run --project tests/Force: every case, on both databases, and the table. Exit code 1 when a number is not zero.
var table = new Table();
Console.WriteLine($"Machine: {Machine.Describe()}");
Console.WriteLine();
await using (var server = await PostgreSql.StartAsync())
{
    foreach (var postgreSql in new[] { null, server })
    {
        await KillAtPoints.RunAsync(table, postgreSql, KillAtPoints.EveryHistory);
        await KillBeforeAnswer.RunAsync(table, postgreSql);
        await KillAtRandom.RunAsync(table, postgreSql, kills: 20, seed: 1);
        foreach (var point in new[] { CrashPoints.BeforeIntent, CrashPoints.BeforePost, CrashPoints.BeforeSettle })
        {
            await Zombie.RunAsync(table, postgreSql, point);
        }
    }

    await TornLog.RunAsync(table, most: int.MaxValue);
    await PostgreSqlOutages.RunAsync(table, server, 100_000, 300, TimeSpan.FromSeconds(4));
}

table.Print(Console.Out);
return table.Total == Verdict.Clean ? 0 : 1;
