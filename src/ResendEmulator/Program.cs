using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using ResendEmulator.Hosting;

namespace ResendEmulator;

/// <summary>The emulator in its own process: <c>dotnet run --project src/ResendEmulator -- --urls http://127.0.0.1:5090</c>.</summary>
internal static class Program
{
    private static async Task Main(string[] args)
    {
        var settings = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args).Build();
        using var logs = LoggerFactory.Create(log => log.AddSimpleConsole().SetMinimumLevel(LogLevel.Information));
        using var stop = new CancellationTokenSource();
        await StandAlone.RunAsync(settings, logs, stop);
    }
}
