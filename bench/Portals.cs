using System.Globalization;
using Ledgerpost.Data;

namespace Bench;

/// <summary>The real binary, once or several times on one database; ended when disposed.</summary>
internal sealed class Portals : IAsyncDisposable
{
    public const string WebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private readonly List<ChildProcess> _processes = [];

    /// <summary>Where each listens.</summary>
    public List<string> Addresses { get; } = [];

    /// <param name="concurrency">Calls in flight of each.</param>
    public static Portals Start(Store store, Provider provider, int instances, int concurrency)
    {
        var portals = new Portals();
        for (var instance = 1; instance <= instances; instance++)
        {
            Directory.CreateDirectory(store.DataFolder(instance));
            portals.Addresses.Add($"http://127.0.0.1:{ChildProcess.FreePort()}");
            List<string> settings =
            [
                "--environment=Production",
                $"--urls={portals.Addresses[^1]}",
                // Its own settings, as delivered: without them every request writes six lines of the log.
                $"--contentRoot={Path.GetDirectoryName(ChildProcess.Assembly("AdminPortal"))}",
                $"--Portal:DataDirectory={store.DataFolder(instance)}",
                "--Portal:PublicUrl=https://bench.test",
                "--Resend:Mode=Resend",
                $"--Resend:BaseUrl={provider.Address}",
                $"--Resend:ApiKey={Provider.ApiKey}",
                $"--Resend:WebhookSecret={WebhookSecret}",
                "--Bootstrap:Email=operator@bench.test",
                "--Bootstrap:Password=correct horse battery",
                $"--Database:Provider={store.Provider}",
                $"--Audit:Key={Convert.ToBase64String(Seed.AuditKey)}",
                string.Create(CultureInfo.InvariantCulture, $"--Sending:MaxConcurrency={concurrency}"),
            ];
            if (store.Provider == DatabaseProvider.PostgreSql)
            {
                settings.Add($"--ConnectionStrings:Portal={store.ConnectionString}");
            }

            var log = Path.Combine(store.Folder, $"portal{instance}.log");
            portals._processes.Add(ChildProcess.Start("AdminPortal", log, settings));
        }

        return portals;
    }

    /// <summary>Of all together.</summary>
    public TimeSpan ProcessorTime() =>
        _processes.Aggregate(TimeSpan.Zero, (sum, process) => sum + Machine.ProcessorTime(process.Id));

    /// <summary>Of the one that held most.</summary>
    public double PeakMegabytes() => _processes.Max(process => Machine.PeakMegabytes(process.Id));

    public void ThrowIfEnded() => _processes.ForEach(process => process.ThrowIfEnded());

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }
    }
}
