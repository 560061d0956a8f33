using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using Bench;
using Ledgerpost.Data;

namespace Force;

/// <summary>How one instance is started.</summary>
/// <param name="CrashAt">A crash point where it kills itself, as <c>after-intent#2</c>.</param>
/// <param name="StopAt">One where it stops itself, until it is continued.</param>
internal sealed record PortalSettings(
    int Concurrency = 1,
    string? CrashAt = null,
    string? StopAt = null,
    int? LeaseSeconds = null
);

/// <summary>The real binary, in a process of its own. Disposing kills it.</summary>
internal sealed class Portal : IAsyncDisposable
{
    private const int SigKill = 9;
    private const int SigContinue = 18;

    private static int _started;

    private readonly ChildProcess _process;

    private Portal(ChildProcess process, string log, string address)
    {
        _process = process;
        LogPath = log;
        Address = address;
    }

    public string Address { get; }

    public string LogPath { get; }

    public bool HasEnded => _process.HasEnded;

    /// <param name="folder">Its data directory, if it is not the installation's first instance.</param>
    public static Portal Start(
        Installation installation,
        Emulator emulator,
        PortalSettings settings,
        string? folder = null
    )
    {
        var data = folder ?? installation.Folder;
        Directory.CreateDirectory(data);
        var log = Path.Combine(
            Path.GetDirectoryName(data)!,
            string.Create(CultureInfo.InvariantCulture, $"portal-{Interlocked.Increment(ref _started):000}.log")
        );
        var address = $"http://127.0.0.1:{ChildProcess.FreePort()}";
        List<string> arguments =
        [
            // Neither Production, where the settings of Testing are refused, nor Development, which seeds a demo.
            "--environment=Force",
            $"--urls={address}",
            $"--Portal:DataDirectory={data}",
            "--Portal:PublicUrl=https://force.test",
            "--Resend:Mode=Resend",
            $"--Resend:BaseUrl={emulator.Address}",
            $"--Resend:ApiKey={Emulator.ApiKey}",
            "--Resend:WebhookSecret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "--Bootstrap:Email=operator@force.test",
            "--Bootstrap:Password=correct horse battery",
            // The program that is told of events listens on this machine.
            "--OutgoingEvents:AllowPrivateAddresses=true",
            $"--Database:Provider={installation.Provider}",
            // Instances on one database have one.
            $"--Audit:Key={Convert.ToBase64String(Installation.AuditKey)}",
            string.Create(CultureInfo.InvariantCulture, $"--Sending:MaxConcurrency={settings.Concurrency}"),
        ];
        if (installation.Provider == DatabaseProvider.PostgreSql)
        {
            arguments.Add($"--ConnectionStrings:Portal={installation.ConnectionString}");
        }

        Add("Testing:CrashAt", settings.CrashAt);
        Add("Testing:StopAt", settings.StopAt);
        Add("Testing:LeaseSeconds", settings.LeaseSeconds?.ToString(CultureInfo.InvariantCulture));
        return new Portal(ChildProcess.Start("AdminPortal", log, arguments), log, address);

        void Add(string key, string? value)
        {
            if (value is not null)
            {
                arguments.Add($"--{key}={value}");
            }
        }
    }

    /// <summary>A program of the tenant with a key that may do everything; to be disposed.</summary>
    public HttpClient Program()
    {
        var program = new HttpClient { BaseAddress = new Uri(Address + "/api/v1/") };
        program.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Installation.ApiKey);
        return program;
    }

    public void ThrowIfEnded() => _process.ThrowIfEnded();

    /// <summary>From outside, whatever it is doing.</summary>
    public async Task KillAsync()
    {
        _ = Signal(_process.Id, SigKill);
        await WaitForEndAsync();
    }

    public Task WaitForEndAsync() => _process.WaitForEndAsync(Wait.Long);

    /// <summary>It listens; its workers have begun.</summary>
    public Task WaitUntilReadyAsync() => WaitUntilItSaysAsync("Ledgerpost is ready");

    /// <summary>Whether its output holds this text by now.</summary>
    public bool Says(string text) => Output().Contains(text, StringComparison.Ordinal);

    /// <summary>Waits until it has said so.</summary>
    /// <exception cref="TimeoutException">With its last lines: only they tell why it has not.</exception>
    public async Task WaitUntilItSaysAsync(string text)
    {
        try
        {
            await Wait.UntilAsync($"the portal says “{text}”", () => Task.FromResult(Says(text)), ThrowIfEnded);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException(
                $"{exception.Message} Its last lines:\n{string.Join('\n', Output().Split('\n').TakeLast(40))}",
                exception
            );
        }
    }

    public Task WaitUntilStoppedAsync() =>
        Wait.UntilAsync("the portal has stopped itself", () => Task.FromResult(State() == 'T'), ThrowIfEnded);

    public void Continue() => _ = Signal(_process.Id, SigContinue);

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private string Output()
    {
        using var file = new FileStream(LogPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var log = new StreamReader(file);
        return log.ReadToEnd();
    }

    private char State()
    {
        var stat = File.ReadAllText($"/proc/{_process.Id}/stat");
        return stat[stat.LastIndexOf(')') + 2];
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int processId, int signal);
}
