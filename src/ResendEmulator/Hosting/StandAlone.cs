using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace ResendEmulator.Hosting;

/// <summary>Runs one emulator until the process is asked to stop.</summary>
internal static class StandAlone
{
    /// <summary>Reads <c>--urls</c> and the section <c>Emulator</c>.</summary>
    public static EmulatorOptions Options(IConfiguration settings)
    {
        var options = new EmulatorOptions { Urls = "http://127.0.0.1:5090" };
        settings.GetSection("Emulator").Bind(options);
        options.Urls = settings["urls"] ?? options.Urls;
        return options;
    }

    public static async Task RunAsync(IConfiguration settings, ILoggerFactory logs, CancellationTokenSource stop)
    {
        var options = Options(settings);
        Console.CancelKeyPress += (_, press) =>
        {
            press.Cancel = true;
            stop.Cancel();
        };
        using var terminated = System.Runtime.InteropServices.PosixSignalRegistration.Create(
            System.Runtime.InteropServices.PosixSignal.SIGTERM,
            signal =>
            {
                signal.Cancel = true;
                stop.Cancel();
            }
        );
        await using var server = await EmulatorServer.StartAsync(options, logs, stop.Token);
        Console.WriteLine($"Resend emulator: {server.BaseUrl}");
        Console.WriteLine($"Data: {options.DataDirectory ?? "in memory, forgotten at the end"}");
        Console.WriteLine($"API key: {options.ApiKeys[0].Token}. Nothing leaves this machine.");
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, options.TimeProvider, stop.Token);
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }
    }
}
