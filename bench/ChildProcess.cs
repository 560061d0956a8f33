using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Bench;

/// <summary>A process of its own, as it is delivered; ended when disposed.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _name;
    private bool _disposed;

    private ChildProcess(string name, Process process)
    {
        _name = name;
        _process = process;
    }

    public int Id => _process.Id;

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <param name="project">Folder under src whose built assembly is run.</param>
    public static ChildProcess Start(string project, string log, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Assembly(project));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{project} did not start.");
        var output = TextWriter.Synchronized(new StreamWriter(log) { AutoFlush = true });
        process.OutputDataReceived += (_, line) => output.WriteLine(line.Data);
        process.ErrorDataReceived += (_, line) => output.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new ChildProcess(project, process);
    }

    public bool HasEnded => _process.HasExited;

    /// <exception cref="TimeoutException">It has not ended by itself.</exception>
    public async Task WaitForEndAsync(TimeSpan most)
    {
        using var limit = new CancellationTokenSource(most);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException late)
        {
            throw new TimeoutException($"{_name} has not ended within {most}.", late);
        }
    }

    public void ThrowIfEnded()
    {
        if (_process.HasExited)
        {
            throw new InvalidOperationException($"{_name} ended with exit code {_process.ExitCode}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>The folder of the solution.</summary>
    public static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "AdminPortal.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("Not run from the solution's folder.");
        }

        return folder.FullName;
    }

    public static string Assembly(string project)
    {
        // .../bin/Release/net10.0 -> the same configuration of the project under src.
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(Root(), "src", project, "bin", output.Parent!.Name, output.Name, project + ".dll");
    }
}
