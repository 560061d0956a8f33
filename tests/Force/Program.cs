using Bench;
using Force;
using Ledgerpost.Sending;

// dotnet run --project tests/Force: every case, on both databases, and the table. Exit code 1 when a number is not zero or a case
// did not come to its end; the others are played all the same.
var table = new Table(Console.Out);
Console.WriteLine($"Machine: {Machine.Describe()}");
Console.WriteLine();
var broken = 0;
await using (var server = await PostgreSql.StartAsync())
{
    foreach (var postgreSql in new[] { null, server })
    {
        await PlayAsync(() => KillAtPoints.RunAsync(table, postgreSql, KillAtPoints.EveryHistory));
        await PlayAsync(() => KillBeforeAnswer.RunAsync(table, postgreSql));
        await PlayAsync(() => KillBeforeDelivered.RunAsync(table, postgreSql));
        await PlayAsync(() => KillAtRandom.RunAsync(table, postgreSql, kills: 20, seed: 1));
        foreach (var point in new[] { CrashPoints.BeforeIntent, CrashPoints.BeforePost, CrashPoints.BeforeSettle })
        {
            await PlayAsync(() => Zombie.RunAsync(table, postgreSql, point));
        }
    }

    await PlayAsync(() => TornLog.RunAsync(table, most: int.MaxValue));
    await PlayAsync(() => PostgreSqlOutages.RunAsync(table, server, 100_000, 300, TimeSpan.FromSeconds(4)));
}

Console.WriteLine();
table.Print(Console.Out);
return table.Total == Verdict.Clean && broken == 0 ? 0 : 1;

async Task PlayAsync(Func<Task> play)
{
    try
    {
        await play();
    }
    catch (Exception exception)
    {
        broken++;
        Console.WriteLine($"A case did not come to its end: {exception}");
        Console.WriteLine();
    }
}
