using System.Security.Cryptography;
using System.Text.Json;
using Ledgerpost.Sending.Provider;
using Microsoft.AspNetCore.Connections;
using ResendEmulator.Hosting;

namespace AdminPortal.Hosting;

/// <summary>
/// The provider's stand-in inside the portal, reached over HTTP on loopback as the real one would be. Its address is part
/// of what must not change while a mail is in doubt, so the port is kept in the data directory.
/// </summary>
public sealed class EmbeddedEmulator(PortalOptions portal, Ledgerpost.Data.EffectiveTime time, ILoggerFactory logs)
    : IAsyncDisposable
{
    public const string ApiKey = "re_emulator";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private EmulatorServer? _server;
    private Kept? _kept;

    /// <summary>For the same process' tests and pages; null while it does not run.</summary>
    public EmulatorServer? Server => _server;

    /// <summary>Where a person can read what was "delivered"; null while it does not run.</summary>
    public string? InboxUrl => _server is null ? null : _server.BaseUrl + "/";

    private string Folder => Path.Combine(portal.DataDirectory, "emulator");
    private string KeptFile => Path.Combine(Folder, "portal.json");

    public async Task<ProviderEndpoint> StartAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(Folder);
        _kept = await ReadKeptAsync(cancellation) ?? new Kept(0, NewSecret());
        _server = await StartOnAsync(_kept.Port, cancellation);
        var port = new Uri(_server.BaseUrl).Port;
        if (port != _kept.Port)
        {
            _kept = _kept with { Port = port };
            await WriteKeptAsync(_kept, cancellation);
        }

        return new ProviderEndpoint(ProviderMode.Emulator, _server.BaseUrl, ApiKey, [_kept.WebhookSecret]);
    }

    /// <summary>Tells it where the portal listens, which is known only once the portal has started.</summary>
    public async Task SendWebhooksToAsync(string portalUrl)
    {
        if (_server is not null)
        {
            await _server.Control.SetWebhookAsync(portalUrl + "/webhooks/resend", _kept!.WebhookSecret);
            _server.Control.ReleaseWebhooks();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
            _server = null;
        }
    }

    private async Task<EmulatorServer> StartOnAsync(int port, CancellationToken cancellation)
    {
        var options = new EmulatorOptions
        {
            DataDirectory = Folder,
            Urls = FormattableString.Invariant($"http://127.0.0.1:{port}"),
            // Its own, as the real provider has: what it remembers does not depend on what the portal believes.
            TimeProvider = time.Source,
            // Until the portal listens, an event would only meet a closed door and come back minutes later.
            Behaviour = new ResendEmulator.Protocol.Behaviour { WebhooksHeld = true },
        };
        try
        {
            return await EmulatorServer.StartAsync(options, logs, cancellation);
        }
        catch (IOException exception) when (port != 0 && exception.InnerException is AddressInUseException)
        {
            logs.CreateLogger<EmbeddedEmulator>()
                .LogWarning(
                    "The emulator's port {Port} is taken; it gets another one. Mails in doubt keep the old address and become unknown.",
                    port
                );
            return await StartOnAsync(0, cancellation);
        }
    }

    private async Task<Kept?> ReadKeptAsync(CancellationToken cancellation)
    {
        if (!File.Exists(KeptFile))
        {
            return null;
        }

        try
        {
            await using var stream = File.OpenRead(KeptFile);
            return await JsonSerializer.DeserializeAsync<Kept>(stream, Json, cancellation);
        }
        catch (JsonException)
        {
            // Cut off in the middle of the first write; the emulator simply gets a new port.
            return null;
        }
    }

    private async Task WriteKeptAsync(Kept kept, CancellationToken cancellation)
    {
        var draft = KeptFile + ".new";
        await File.WriteAllTextAsync(draft, JsonSerializer.Serialize(kept, Json), cancellation);
        File.Move(draft, KeptFile, overwrite: true);
    }

    private static string NewSecret() => "whsec_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(24));

    private sealed record Kept(int Port, string WebhookSecret);
}
