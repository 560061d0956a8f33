using System.Diagnostics;

namespace UITests.Support;

/// <summary>The emulator in a process of its own, so that it outlives a portal that is killed.</summary>
public sealed class EmulatorProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);
    private readonly Process _process;

    private EmulatorProcess(Process process) => _process = process;

    /// <summary>Without a slash at the end.</summary>
    public string Url { get; private set; } = "";

    /// <param name="webhookUrl">Where it reports to, and the secret it signs with.</param>
    public static async Task<EmulatorProcess> StartAsync(string webhookUrl, string webhookSecret)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true };
        start.ArgumentList.Add(Repository.EmulatorAssembly);
        start.ArgumentList.Add("--urls=http://127.0.0.1:0");
        start.ArgumentList.Add("--Emulator:WebhookUrl=" + webhookUrl);
        start.ArgumentList.Add("--Emulator:WebhookSecret=" + webhookSecret);
        var emulator = new EmulatorProcess(Process.Start(start)!);
        try
        {
            using var patience = new CancellationTokenSource(StartPatience);
            const string Says = "Resend emulator: ";
            while (emulator.Url.Length == 0)
            {
                var line =
                    await emulator._process.StandardOutput.ReadLineAsync(patience.Token)
                    ?? throw new InvalidOperationException("The emulator ended at its start.");
                if (line.StartsWith(Says, StringComparison.Ordinal))
                {
                    emulator.Url = line[Says.Length..];
                }
            }

            // It must never block on a full pipe.
            _ = emulator._process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            return emulator;
        }
        catch
        {
            await emulator.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
