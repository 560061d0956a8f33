using Ledgerpost.Sending.Provider;

namespace AdminPortal.Hosting;

/// <summary>Where mail goes in this run: the configured provider, or the emulator once it listens.</summary>
public sealed class ProviderConnection(ResendOptions resend, EmbeddedEmulator emulator)
{
    private ProviderEndpoint? _endpoint;

    public ProviderEndpoint Endpoint =>
        _endpoint ?? throw new InvalidOperationException("The provider is known only after the portal was prepared.");

    public async Task OpenAsync(CancellationToken cancellation) =>
        _endpoint =
            resend.Mode == ProviderMode.Emulator
                ? await emulator.StartAsync(cancellation)
                : new ProviderEndpoint(
                    ProviderMode.Resend,
                    resend.BaseUrl!,
                    resend.ApiKey!,
                    SettingsReader.Secrets(resend)
                );
}
