using Bench;

// dotnet run -c Release --project bench -- --recipients 10000,100000 --latency 0,100 --runs 3
var options = BenchOptions.Read(args);
if (options is null)
{
    return 2;
}

Console.WriteLine($"Machine: {Machine.Describe()}");
Console.WriteLine();
var report = new Report();
foreach (var size in options.Recipients)
{
    await ScaleBench.RunAsync(size, options, report);
}

foreach (var latency in options.LatencyMilliseconds)
{
    foreach (var size in options.Recipients)
    {
        await PipelineBench.RunAsync(size, latency, options, report);
    }
}

report.Print(Console.Out);
return 0;
