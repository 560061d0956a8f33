using System.Net;
using System.Net.Sockets;
using Ledgerpost;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Data.PostgreSql;
using Ledgerpost.Identity;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Serilog;

namespace AdminPortal.Hosting;

/// <summary>What every start needs before pages and engine: settings, the data directory, the log, the database.</summary>
public static class PortalHosting
{
    /// <exception cref="StartRefusedException">A setting is wrong, or the data directory is another process'.</exception>
    public static PortalSettings AddPortalHosting(this WebApplicationBuilder builder)
    {
        ChooseAddress(builder);
        var settings = ReadSettings(builder);
        var directory = DataDirectory.Take(settings.Portal.DataDirectory);
        builder.Logging.ClearProviders();
        builder.Logging.AddSerilog(PortalLogging.Create(builder.Configuration, directory.Path), dispose: true);
        AddServices(builder.Services, settings, directory);
        return settings;
    }

    /// <exception cref="StartRefusedException">A setting is wrong.</exception>
    public static PortalSettings ReadSettings(WebApplicationBuilder builder)
    {
        var reader = new SettingsReader(builder.Configuration, builder.Environment);
        return reader.Read(DataDirectory.Default(builder.Environment.ContentRootPath)) switch
        {
            SettingsReading.Valid valid => valid.Settings,
            SettingsReading.Invalid invalid => throw new StartRefusedException(Message(invalid.Problems)),
            _ => throw new InvalidOperationException(),
        };
    }

    private static void AddServices(IServiceCollection services, PortalSettings settings, DataDirectory directory)
    {
        // Everything is decided by the effective time; a test's clock becomes its source.
        var source = services
            .LastOrDefault(service => service.ServiceType == typeof(TimeProvider))
            ?.ImplementationInstance;
        services.RemoveAll<TimeProvider>();
        var machine = (TimeProvider?)source ?? TimeProvider.System;
        var clock = settings.Portal.Database == DatabaseProvider.PostgreSql ? new DatabaseTime(machine) : machine;
        services.AddSingleton(new EffectiveTime(clock, settings.Sending.KeyWindowMargin));
        services.AddSingleton<TimeProvider>(all => all.GetRequiredService<EffectiveTime>());
        services.AddSingleton(new StampFile(Path.Combine(settings.Portal.DataDirectory, "portal.stamp")));
        services.TryAddSingleton<IIds, Version7Ids>();
        // Made by a factory, so that the container lets go of the lock, and last of all.
        services.AddSingleton(_ => directory);
        services.AddSingleton(settings.Portal);
        services.AddSingleton(settings.Resend);
        services.AddSingleton(settings.Sending);
        if (settings.Testing.IsArmed)
        {
            services.AddSingleton<CrashPoints>(new ArmedCrashPoints(settings.Testing));
        }

        services.AddSingleton(AuditKeyFile.Read(directory.Path, settings.Audit.Keys));
        services.AddSingleton(AnchorFiles(settings.Portal));
        services.AddSingleton<VerifyAuditLog>();
        services.AddSingleton<AnchorAuditLogs>();
        services.AddSingleton<SafetyLog>();
        services.AddSingleton(all => new PortalDb(
            settings.Portal.ConnectionString,
            all.GetRequiredService<TimeProvider>(),
            all.GetRequiredService<IIds>(),
            all.GetRequiredService<AuditKeys>(),
            all.GetService<StorageFaults>(),
            settings.Portal.Database,
            safety: all.GetRequiredService<SafetyLog>()
        ));
        if (settings.Portal.Database == DatabaseProvider.PostgreSql)
        {
            services.TryAddSingleton(RelayTiming.Default);
            services.AddHostedService<InstanceRelay>();
        }

        services.AddSingleton<EmbeddedEmulator>();
        services.AddSingleton<ProviderConnection>();
        services.AddSingleton(all => all.GetRequiredService<ProviderConnection>().Endpoint);
        services.AddSingleton<EnsureInstallation>();
        services.AddSingleton<FirstOperator>();
        services.AddSingleton<TenantDirectory>();
        services.AddSingleton<DemoSeed>();
        services.AddSingleton<DemoCampaigns>();
        services.AddSingleton<DevelopmentAccount>();
        services.TryAddSingleton(StartPatience.Default);
        services.AddSingleton<PortalStart>();
    }

    internal static AuditAnchorFiles AnchorFiles(PortalOptions portal) =>
        new(Path.Combine(portal.DataDirectory, "anchors"));

    // Kestrel alone would listen on 5000; the contract says 5080.
    private static void ChooseAddress(WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var chosen =
            configuration["urls"] is { Length: > 0 }
            || configuration["http_ports"] is { Length: > 0 }
            || configuration["https_ports"] is { Length: > 0 }
            || configuration.GetSection("Kestrel:Endpoints").GetChildren().Any();
        if (!chosen)
        {
            builder.WebHost.UseUrls(SettingsReader.DefaultPublicUrl);
            return;
        }

        // The unsubscribe links of mails follow the address in Development, so a free port is chosen before it is used.
        if (
            builder.Environment.IsDevelopment()
            && configuration["Portal:PublicUrl"] is null or ""
            && configuration["urls"] is { } urls
            && urls.EndsWith("://127.0.0.1:0", StringComparison.Ordinal)
        )
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            var port = ((IPEndPoint)probe.LocalEndpoint).Port;
            builder.WebHost.UseUrls(FormattableString.Invariant($"{urls[..^1]}{port}"));
        }
    }

    private static string Message(IReadOnlyList<string> problems) =>
        "Ledgerpost cannot start: "
        + (problems.Count == 1 ? "one setting is" : FormattableString.Invariant($"{problems.Count} settings are"))
        + " wrong or missing.\n"
        + string.Concat(problems.Select(problem => $"  - {problem}\n"))
        + "Settings come from appsettings.json, environment variables (Portal__PublicUrl) and the command line (--Portal:PublicUrl=...).";
}
