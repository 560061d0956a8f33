using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace UITests.Support;

/// <summary>
/// The portal as it was built, in a process and a data directory of its own. It can be killed without warning and started
/// again on the same directory and the same address.
/// </summary>
public sealed class PortalProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private readonly ConcurrentQueue<string> _output = new();
    private readonly Dictionary<string, string> _settings;
    private readonly string _environment;
    private Process? _process;
    private bool _listens;

    private PortalProcess(string environment, IReadOnlyDictionary<string, string> settings)
    {
        _environment = environment;
        DataDirectory = Directory.CreateTempSubdirectory("ledgerpost-ui-").FullName;
        Url = settings.GetValueOrDefault("urls") ?? FreeAddress();
        _settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["urls"] = Url,
            ["Portal:PublicUrl"] = Url,
            ["Portal:DataDirectory"] = DataDirectory,
            ["Demo:Seed"] = "false",
            ["Bootstrap:Email"] = Account.OperatorEmail,
            ["Bootstrap:Password"] = Account.OperatorPassword,
        };
        foreach (var (key, value) in settings)
        {
            _settings[key] = value;
        }
    }

    /// <summary>The address without a slash at the end. It stays the same over restarts.</summary>
    public string Url { get; }

    public string DataDirectory { get; }

    /// <summary>Everything that the process has written so far, over all its starts.</summary>
    public string Output => string.Join('\n', _output);

    /// <param name="settings">Configuration on top of the tests' own (see the constructor); the same keys win, and an empty value takes one away.</param>
    /// <param name="environment">"Development" or "Production".</param>
    public static async Task<PortalProcess> StartAsync(
        IReadOnlyDictionary<string, string>? settings = null,
        string environment = "Development"
    )
    {
        var portal = new PortalProcess(environment, settings ?? new Dictionary<string, string>(StringComparer.Ordinal));
        try
        {
            await portal.StartAgainAsync();
            return portal;
        }
        catch
        {
            await portal.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the process as a power cut would (SIGKILL): nothing is flushed, nothing is said to anybody.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            await process.WaitForExitAsync();
            process.Dispose();
            _process = null;
        }
    }

    /// <summary>Starts on the same data directory and address, and returns when it listens.</summary>
    public async Task StartAgainAsync()
    {
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = Repository.PortalProject,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Repository.PortalAssembly);
        foreach (var (key, value) in _settings.Where(setting => setting.Value.Length > 0))
        {
            start.ArgumentList.Add($"--{key}={value}");
        }

        start.Environment["ASPNETCORE_ENVIRONMENT"] = _environment;
        start.Environment["DOTNET_ENVIRONMENT"] = _environment;
        start.Environment.Remove("ASPNETCORE_URLS");

        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) => Read(line.Data, listening);
        process.ErrorDataReceived += (_, line) => Read(line.Data, listening);
        process.Exited += (_, _) =>
            listening.TrySetException(new InvalidOperationException($"The portal ended at its start:\n{Output}"));
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;

        try
        {
            await listening.Task.WaitAsync(StartPatience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"The portal did not listen within {StartPatience}:\n{Output}", late);
        }
    }

    public async ValueTask DisposeAsync()
    {
        var ended = _process is { HasExited: true };
        await KillAsync();
        var logs = Directory.CreateDirectory(Path.Combine(Repository.Artifacts, "portals")).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(logs, $"{new Uri(Url).Port.ToString(CultureInfo.InvariantCulture)}.log"),
            ended ? Output + "\n\nThe process ended before its test did." : Output
        );
        Directory.Delete(DataDirectory, recursive: true);
    }

    private void Read(string? line, TaskCompletionSource listening)
    {
        if (line is null)
        {
            return;
        }

        _output.Enqueue(line);
        if (line.Contains("Now listening on", StringComparison.Ordinal) && line.Contains(Url, StringComparison.Ordinal))
        {
            _listens = true;
        }

        // The last line of what it says when it is ready, so that all of that can be read.
        if (_listens && line.TrimStart().StartsWith("Data ", StringComparison.Ordinal))
        {
            _listens = false;
            listening.TrySetResult();
        }
    }

    // Asked of the system and given to the portal, instead of port 0: the address must be known before the start, because
    // it is in the unsubscribe links and webhooks (Portal:PublicUrl), and it must be the same after a restart.
    public static string FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        return $"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}";
    }
}
