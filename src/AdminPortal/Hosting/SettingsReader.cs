using AdminPortal.Api;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.OutgoingEvents;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Webhooks;

namespace AdminPortal.Hosting;

/// <summary>
/// Reads the keys of the outside contract and says everything that is wrong with them at once, each by its key, so that
/// nobody mends a file one start at a time.
/// </summary>
public sealed class SettingsReader(IConfiguration configuration, IHostEnvironment environment)
{
    public const string DefaultPublicUrl = "http://localhost:5080";
    public const string DefaultProviderUrl = "https://api.resend.com";

    private readonly SettingsSource _source = new(configuration);

    /// <param name="dataDirectory">Where data goes unless <c>Portal:DataDirectory</c> names another folder.</param>
    public SettingsReading Read(string dataDirectory)
    {
        var portal = ReadPortal(dataDirectory);
        var resend = ReadResend();
        var sending = ReadSending();
        var api = new ApiOptions(_source.Integer("Api:RequestsPerMinute", least: 1, most: 1_000_000) ?? 30_000);
        var audit = ReadAudit();
        var outgoing = new OutgoingEventOptions(_source.Boolean("OutgoingEvents:AllowPrivateAddresses") ?? false);
        var webhooks = ReadWebhooks();
        var testing = ReadTesting(sending);
        var problems = _source.Finish();
        return problems.Count == 0
            ? new SettingsReading.Valid(
                new PortalSettings(portal, resend, sending, api, audit, outgoing, webhooks, testing)
            )
            : new SettingsReading.Invalid(problems);
    }

    private WebhookOptions ReadWebhooks()
    {
        var usual = new WebhookOptions();
        return new WebhookOptions(
            _source.Integer("Webhooks:EventsPerDay", least: 1_000, most: 1_000_000_000) ?? usual.EventsPerDay,
            _source.Integer("Webhooks:OwnEventsPerDay", least: 1_000, most: 1_000_000_000) ?? usual.OwnEventsPerDay
        );
    }

    private PortalOptions ReadPortal(string defaultDirectory)
    {
        var folder = Path.GetFullPath(_source.Text("Portal:DataDirectory") ?? defaultDirectory);
        var publicUrl = ReadUrl("Portal:PublicUrl");
        if (publicUrl is null && environment.IsProduction())
        {
            _source.Problem(
                "Portal:PublicUrl",
                "is missing. In Production the unsubscribe links need the portal's public address, such as https://mail.example.org."
            );
        }

        var database = _source.Choice<DatabaseProvider>("Database:Provider") ?? DatabaseProvider.Sqlite;
        return new PortalOptions(
            folder,
            database,
            ReadConnectionString(folder, database),
            publicUrl ?? ListeningUrl(configuration) ?? DefaultPublicUrl,
            _source.Boolean("Demo:Seed") ?? environment.IsDevelopment(),
            ReadBootstrap(),
            ReadMailFrom()
        );
    }

    /// <summary>An address, or a name and an address in angle brackets.</summary>
    private string? ReadMailFrom()
    {
        if (_source.Text("Portal:MailFrom") is not { } from)
        {
            return null;
        }

        var at = from.LastIndexOf('<');
        var address = at >= 0 && from.EndsWith('>') ? from[(at + 1)..^1] : from;
        if (!Ledgerpost.Contacts.EmailAddress.TryParse(address, out _, out var reason) || from.Any(char.IsControl))
        {
            _source.Problem(
                "Portal:MailFrom",
                $"is not a sender such as Ledgerpost <portal@mail.example.org>. {reason}"
            );
        }

        return from;
    }

    private string ReadConnectionString(string folder, DatabaseProvider database)
    {
        var given = _source.Text("ConnectionStrings:Portal");
        if (given is null && database == DatabaseProvider.PostgreSql)
        {
            _source.Problem(
                "ConnectionStrings:Portal",
                "is missing. PostgreSQL needs it, such as Host=db.example.org;Database=ledgerpost;Username=ledgerpost;Password=..."
            );
            return "";
        }

        var text = given ?? "Data Source={DataDirectory}/portal.db";
        text = text.Replace("{DataDirectory}", folder, StringComparison.Ordinal);
        try
        {
            if (database == DatabaseProvider.PostgreSql)
            {
                var server = new Npgsql.NpgsqlConnectionStringBuilder(text);
                if (server.Host is null or "" || server.Database is null or "")
                {
                    _source.Problem(
                        "ConnectionStrings:Portal",
                        "names no server (Host=...) or no database (Database=...)."
                    );
                }

                if (server.NoResetOnClose || server.Multiplexing)
                {
                    _source.Problem(
                        "ConnectionStrings:Portal",
                        "holds No Reset On Close or Multiplexing; either would hand one tenant's connection to another."
                    );
                }

                return text;
            }

            var parsed = new Microsoft.Data.Sqlite.SqliteConnectionStringBuilder(text);
            if (parsed.DataSource is "" or ":memory:")
            {
                _source.Problem("ConnectionStrings:Portal", "names no database file (Data Source=...).");
            }
        }
        catch (ArgumentException exception)
        {
            _source.Problem("ConnectionStrings:Portal", $"cannot be read: {exception.Message}");
        }

        return text;
    }

    private BootstrapOptions ReadBootstrap()
    {
        var bootstrap = new BootstrapOptions(
            _source.Text("Bootstrap:Email"),
            _source.Text("Bootstrap:Password"),
            _source.Text("Bootstrap:OperatorApiKey")
        );
        if (
            bootstrap.Email is not null
            && !Ledgerpost.Contacts.EmailAddress.TryParse(bootstrap.Email, out _, out var reason)
        )
        {
            _source.Problem("Bootstrap:Email", $"is not an e-mail address. {reason}");
        }

        if (bootstrap.Email is null != bootstrap.Password is null)
        {
            _source.Problem(
                bootstrap.Email is null ? "Bootstrap:Email" : "Bootstrap:Password",
                "is missing; the two belong together."
            );
        }

        if (bootstrap.Password is { } password && PasswordRules.Problem(password) is { } weakness)
        {
            _source.Problem("Bootstrap:Password", weakness);
        }

        if (
            bootstrap.OperatorApiKey is { } key
            && (key.Length < 32 || !key.StartsWith("lp_op_", StringComparison.Ordinal))
        )
        {
            _source.Problem("Bootstrap:OperatorApiKey", "must start with lp_op_ and have at least 32 characters.");
        }

        return bootstrap;
    }

    private ResendOptions ReadResend()
    {
        var mode =
            _source.Choice<ProviderMode>("Resend:Mode")
            ?? (environment.IsDevelopment() ? ProviderMode.Emulator : ProviderMode.Resend);
        var options = new ResendOptions
        {
            Mode = mode,
            BaseUrl = ReadUrl("Resend:BaseUrl"),
            ApiKey = _source.Text("Resend:ApiKey"),
            WebhookSecret = _source.Text("Resend:WebhookSecret"),
        };
        foreach (var secret in Secrets(options).Where(secret => !IsWebhookSecret(secret)))
        {
            _source.Problem(
                "Resend:WebhookSecret",
                $"holds a value of {secret.Length} characters that is not whsec_ followed by base64."
            );
        }

        if (mode == ProviderMode.Emulator)
        {
            if (options.BaseUrl is not null)
            {
                _source.Problem(
                    "Resend:BaseUrl",
                    "is set while Resend:Mode is Emulator. Remove it, or set Resend:Mode to Resend."
                );
            }

            return options;
        }

        options.BaseUrl ??= DefaultProviderUrl;
        if (options.ApiKey is null)
        {
            _source.Problem(
                "Resend:ApiKey",
                "is missing. Set the provider's key, or Resend:Mode to Emulator to send nothing at all."
            );
        }

        if (options.WebhookSecret is null && environment.IsProduction())
        {
            _source.Problem("Resend:WebhookSecret", "is missing. In Production events must be verified (whsec_...).");
        }

        return options;
    }

    /// <summary>The secrets of <c>Resend:WebhookSecret</c>, which are separated by commas.</summary>
    public static IReadOnlyList<string> Secrets(ResendOptions options) =>
        (options.WebhookSecret ?? "").Split(
            ',',
            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
        );

    private SendingOptions ReadSending()
    {
        var options = new SendingOptions();
        options.MaxConcurrency = _source.Integer("Sending:MaxConcurrency", 1, 64) ?? options.MaxConcurrency;
        // Half of them are kept for accounts that answer.
        options.OwnAccountsConcurrency =
            _source.Integer("Sending:OwnAccountsConcurrency", 2, 256) ?? options.OwnAccountsConcurrency;
        options.BatchSize = _source.Integer("Sending:BatchSize", 1, Chunk.MaxRecipients) ?? options.BatchSize;
        options.LeaseSeconds = _source.Integer("Sending:LeaseSeconds", 100, 3600) ?? options.LeaseSeconds;
        options.Patience =
            _source.Duration("Sending:Patience", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)) ?? options.Patience;
        options.KeyWindow =
            _source.Duration("Sending:KeyWindow", TimeSpan.FromMinutes(30), TimeSpan.FromHours(24))
            ?? options.KeyWindow;
        // A repeat leaves up to 30 s after its last check and may take 60 s: the margin must hold both with room.
        options.KeyWindowMargin =
            _source.Duration("Sending:KeyWindowMargin", TimeSpan.FromMinutes(10), TimeSpan.FromHours(23))
            ?? options.KeyWindowMargin;
        if (options.KeyWindowMargin >= options.KeyWindow)
        {
            _source.Problem(
                "Sending:KeyWindowMargin",
                $"is {options.KeyWindowMargin} and must be shorter than Sending:KeyWindow, {options.KeyWindow}."
            );
        }

        return options;
    }

    private AuditOptions ReadAudit()
    {
        var keys = new List<byte[]>();
        foreach (
            var text in (_source.Text("Audit:Key") ?? "").Split(
                ',',
                StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
            )
        )
        {
            var key = new byte[text.Length];
            if (Convert.TryFromBase64String(text, key, out var length) && length >= AuditKeys.Length)
            {
                keys.Add(key[..length]);
            }
            else
            {
                _source.Problem(
                    "Audit:Key",
                    $"holds a value of {text.Length} characters that is not the base64 of at least {AuditKeys.Length} bytes."
                );
            }
        }

        return new AuditOptions(keys);
    }

    /// <summary>What strikes the process on purpose must be asked for twice where people's mail is sent.</summary>
    private TestingOptions ReadTesting(SendingOptions sending)
    {
        var testing = new TestingOptions(ReadPoint("Testing:CrashAt"), ReadPoint("Testing:StopAt"));
        var lease = _source.Integer("Testing:LeaseSeconds", 1, 3600);
        sending.LeaseSeconds = lease ?? sending.LeaseSeconds;
        var allowed = _source.Boolean("Testing:InProduction") ?? false;
        if (environment.IsProduction() && !allowed && (testing.IsArmed || lease is not null))
        {
            _source.Problem(
                "Testing:InProduction",
                "is not true, and settings of Testing are there: they kill or stop this process on purpose. Remove them."
            );
        }

        return testing;
    }

    private ArmedPoint? ReadPoint(string key)
    {
        if (_source.Text(key) is not { } text)
        {
            return null;
        }

        var point = ArmedPoint.TryRead(text);
        if (point is null)
        {
            _source.Problem(
                key,
                $"is \u201c{text}\u201d; it can be one of {ArmedPoint.Choices}, with @ and a chunk's number for its calls alone, and # and a number for a later passing."
            );
        }

        return point;
    }

    private string? ReadUrl(string key)
    {
        var text = _source.Text(key);
        if (text is null)
        {
            return null;
        }

        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var url)
            || url.Scheme is not ("http" or "https")
            || url.Query.Length > 0
            || url.Fragment.Length > 0
        )
        {
            _source.Problem(key, $"is \u201c{text}\u201d, which is not an address such as https://mail.example.org.");
            return null;
        }

        return text.TrimEnd('/');
    }

    /// <summary>The first address of <c>--urls</c> or ASPNETCORE_URLS, as a browser on this machine would type it.</summary>
    private static string? ListeningUrl(IConfiguration configuration)
    {
        var first = configuration["urls"]?.Split(';', StringSplitOptions.TrimEntries)[0];
        return first is not null && Uri.TryCreate(Browsable(first), UriKind.Absolute, out var url) && url.Port > 0
            ? url.GetLeftPart(UriPartial.Authority)
            : null;
    }

    /// <summary>An address to listen on names all interfaces as * or 0.0.0.0, to which no browser goes.</summary>
    public static string Browsable(string listening) =>
        listening
            .Replace("://*", "://localhost", StringComparison.Ordinal)
            .Replace("://+", "://localhost", StringComparison.Ordinal)
            .Replace("://0.0.0.0", "://localhost", StringComparison.Ordinal)
            .Replace("://[::]", "://localhost", StringComparison.Ordinal);

    private static bool IsWebhookSecret(string secret)
    {
        const string prefix = "whsec_";
        return secret.StartsWith(prefix, StringComparison.Ordinal)
            && secret.Length > prefix.Length
            && Convert.TryFromBase64String(secret[prefix.Length..], new byte[secret.Length], out _);
    }
}
