using Bench;
using Ledgerpost.Data;

// dotnet run -c Release --project bench -- --database sqlite,postgresql --recipients 10000,100000 --latency 0,100 \
//     --instances 1,2,3 --runs 3
if (BenchOptions.Read(args) is not { } options)
{
    return 2;
}

Console.WriteLine($"Machine: {Machine.Describe()}");
var report = new Report();
if (options.Cases.Contains("bare"))
{
    await BareClient.RunAsync(options, report);
}

foreach (var database in options.Databases)
{
    await using var server = database == DatabaseProvider.PostgreSql ? await PostgreSqlServer.StartAsync() : null;
    if (server is not null)
    {
        Console.WriteLine($"PostgreSQL: {await server.DescribeAsync()}");
    }

    await RunAsync(database, server);
}

report.Print(Console.Out);
return 0;

async Task RunAsync(DatabaseProvider database, PostgreSqlServer? server)
{
    foreach (var size in options.Cases.Contains("scale") ? options.Recipients : [])
    {
        await ScaleBench.RunAsync(size, server, options, report);
    }

    foreach (var size in options.Cases.Contains("audit") ? options.Recipients : [])
    {
        await AuditBench.RunAsync(size, server, options, report);
    }

    var instances = database == DatabaseProvider.Sqlite ? [1] : options.Instances;
    foreach (var count in options.Cases.Contains("rate") ? instances : [])
    {
        await RateBench.RunAsync(count, server, options, report);
    }

    foreach (var count in options.Cases.Contains("fairness") ? instances : [])
    {
        await FairnessBench.RunAsync(options.Recipients.Max(), count, server, options, report);
    }

    foreach (var latency in options.Cases.Contains("lanes") ? options.LatencyMilliseconds : [])
    {
        await LanesBench.RunAsync(options.Recipients.Max(), latency, server, options, report);
    }

    foreach (var size in options.Cases.Contains("events") ? options.Recipients : [])
    {
        await EventsBench.RunAsync(size, server, options, report);
    }

    foreach (var latency in options.Cases.Contains("pipeline") ? options.LatencyMilliseconds : [])
    {
        foreach (var count in instances)
        {
            foreach (var size in options.Recipients)
            {
                await PipelineBench.RunAsync(size, latency, count, server, options, report);
            }
        }
    }
}
