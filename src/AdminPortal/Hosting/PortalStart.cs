using System.Globalization;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Programs;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace AdminPortal.Hosting;

/// <param name="AtMost">How long a start waits for a database that does not answer.</param>
public sealed record StartPatience(TimeSpan AtMost)
{
    public static readonly StartPatience Default = new(TimeSpan.FromMinutes(1));
}

/// <summary>What happens between the settings and the first request, in this order, and what is said about it.</summary>
public sealed class PortalStart(
    DataDirectory directory,
    PortalOptions portal,
    PortalDb db,
    IDataProtectionProvider protection,
    EnsureInstallation installation,
    NoticeOldDatabase old,
    IConfiguration configuration,
    ProviderConnection provider,
    ProviderAccounts account,
    EmbeddedEmulator emulator,
    FirstOperator firstOperator,
    FirstOperatorKey firstOperatorKey,
    DevelopmentAccount development,
    DemoSeed demo,
    DemoCampaigns demoCampaigns,
    IServer server,
    IHostEnvironment environment,
    StartPatience patience,
    TimeProvider time,
    ILogger<PortalStart> logger
)
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(2);

    private long? _began;
    private string? _setUpToken;
    private Guid? _demoTenant;
    private SignInHint? _hint;

    /// <summary>Database, provider, first account: all that must stand before the engine and the pages start.</summary>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        _began = time.GetTimestamp();
        await PatientlyAsync(db.MigrateAsync, cancellation);
        await PatientlyAsync(token => KeyRing.BeginAsync(protection, db, token), cancellation);
        await PatientlyAsync(LookAtDatabaseAsync, cancellation);
        await provider.OpenAsync(cancellation);
        await PatientlyAsync(LookAtAccountAsync, cancellation);
    }

    /// <summary>
    /// A database that restarts is waited for, for a while; every step may be run again. One that says no (a wrong password,
    /// no such database) is not. A provider that is asked whose a new key is, and silent, is waited for as long.
    /// </summary>
    private async Task PatientlyAsync(Func<CancellationToken, Task> step, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await step(cancellation);
                return;
            }
            catch (DatabaseUnsafeException unsafeDatabase)
            {
                throw new StartRefusedException($"Ledgerpost cannot start: {unsafeDatabase.Message}");
            }
            catch (AccountNotKnownException unknown)
            {
                if (time.GetElapsedTime(_began!.Value) >= patience.AtMost)
                {
                    throw new StartRefusedException(
                        $"Ledgerpost cannot start: {unknown.Message} Start the portal again once the provider answers, "
                            + "or with the key of before."
                    );
                }

                logger.LogWarning("{Problem} The start asks again.", unknown.Message);
                await Task.Delay(BetweenTries, time, cancellation);
            }
            catch (Exception exception)
                when (portal.Database == DatabaseProvider.PostgreSql
                    && (exception is ObjectDisposedException || StorageFailures.OfPostgreSql(exception) is not null)
                )
            {
                // Npgsql says that something is disposed where its connection was cut between two statements.
                var failed = StorageFailures.OfPostgreSql(exception);
                var transient = failed is null || failed.IsTransient;
                var said = (failed ?? exception).Message;
                var waited = time.GetElapsedTime(_began!.Value);
                if (!transient || waited >= patience.AtMost)
                {
                    throw new StartRefusedException(
                        "Ledgerpost cannot start: the database of ConnectionStrings:Portal "
                            + (transient ? $"did not answer for {waited.TotalSeconds:0} s" : "says no")
                            + $". {said} Look whether PostgreSQL runs and takes connections under that host, "
                            + "port, name and login, and start the portal again."
                    );
                }

                logger.LogWarning(
                    "The database does not answer ({Problem}); the start waits for it, {Left} s more at most.",
                    said,
                    (int)(patience.AtMost - waited).TotalSeconds
                );
                await Task.Delay(BetweenTries, time, cancellation);
            }
        }
    }

    private async Task LookAtDatabaseAsync(CancellationToken cancellation)
    {
        await installation.ExecuteAsync(cancellation);
        await old.ByStampAsync(cancellation);
        await old.ByPublicUrlAsync(
            configuration["Portal:PublicUrl"] is { Length: > 0 } ? portal.PublicUrl : null,
            cancellation
        );
    }

    private async Task LookAtAccountAsync(CancellationToken cancellation)
    {
        await account.EnsureAsync(
            provider.Endpoint.BaseUrl,
            provider.Endpoint.ApiKey,
            cancellation,
            // Nothing leaves the machine through the emulator, so nobody can be mailed twice.
            provider.Endpoint.Mode == ProviderMode.Emulator
                ? null
                : old.ByAccountAsync
        );
        await EnsureOperatorAsync(cancellation);
        if (portal.SeedDemo)
        {
            _demoTenant = await demo.ExecuteAsync(cancellation);
        }
    }

    /// <summary>Called once the portal listens: the emulator may send events to it, and a person is told where to go.</summary>
    public async Task AnnounceAsync(TextWriter output)
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        var address = SettingsReader.Browsable(addresses.FirstOrDefault() ?? portal.PublicUrl);
        await emulator.SendWebhooksToAsync(address);
        logger.LogInformation(
            "Ledgerpost started on {Address} with its data in {DataDirectory}; mail goes to {Provider}.",
            address,
            directory.Path,
            provider.Endpoint.BaseUrl
        );
        if (_demoTenant is { } tenantId)
        {
            await demoCampaigns.ExecuteAsync(tenantId, CancellationToken.None);
        }

        foreach (var line in Lines(address))
        {
            await output.WriteLineAsync(line);
        }

        await output.FlushAsync();
    }

    private async Task EnsureOperatorAsync(CancellationToken cancellation)
    {
        if (!await firstOperator.ExistsAsync(cancellation))
        {
            if (portal.Bootstrap.OperatorApiKey is { } key)
            {
                await firstOperatorKey.CreateAsync(key, cancellation);
            }

            if (portal.Bootstrap is { Email: { } email, Password: { } password })
            {
                await firstOperator.CreateAsync(email, password, email, cancellation);
            }
            else if (environment.IsDevelopment())
            {
                await development.CreateAsync(cancellation);
            }
            else
            {
                _setUpToken = await firstOperator.IssueLinkAsync(cancellation);
            }
        }

        _hint = environment.IsDevelopment() ? development.Hint() : null;
    }

    private IEnumerable<string> Lines(string address)
    {
        yield return "";
        yield return string.Create(CultureInfo.InvariantCulture, $"  Ledgerpost is ready. Now listening on: {address}");
        yield return "";
        if (_hint is { } hint)
        {
            yield return $"  Sign in as   {hint.Email}";
            yield return $"  Password     {hint.Password}";
        }

        if (_setUpToken is { } token)
        {
            yield return "  There is no operator yet. Open this link to become it; it works once, for 24 hours:";
            yield return $"  {portal.PublicUrl}{PortalUrls.SetUp(token)}";
        }

        yield return provider.Endpoint.Mode == ProviderMode.Emulator
            ? $"  Mails        nothing leaves this machine; read them at {emulator.InboxUrl}"
            : $"  Mails        are sent through {provider.Endpoint.BaseUrl}";
        yield return $"  Data         {directory.Path}";
        yield return "";
    }
}
