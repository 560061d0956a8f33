using AdminPortal.Api;
using Ledgerpost.Data;
using Ledgerpost.OutgoingEvents;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Webhooks;

namespace AdminPortal.Hosting;

/// <summary>The section <c>Portal</c> and what belongs to it, as it holds for this run.</summary>
/// <param name="DataDirectory">Absolute; database, keys and logs live here.</param>
/// <param name="Database">Which of the two the connection string is for.</param>
/// <param name="ConnectionString">With the folder filled in.</param>
/// <param name="PublicUrl">
/// Base of unsubscribe links, without a slash at its end; never taken from a request. In Development it follows the
/// address that the portal listens on, unless it is set.
/// </param>
/// <param name="MailFrom">Whom the portal's own mails are from, such as <c>Ledgerpost &lt;portal@mail.example.org&gt;</c>; null: it sends none.</param>
/// <param name="SeedDemo">The section <c>Demo</c>: a demo tenant is made in an empty database.</param>
public sealed record PortalOptions(
    string DataDirectory,
    DatabaseProvider Database,
    string ConnectionString,
    string PublicUrl,
    bool SeedDemo,
    BootstrapOptions Bootstrap,
    string? MailFrom = null
);

/// <summary>The section <c>Bootstrap</c>: unattended set-up, read only while there is no operator.</summary>
public sealed record BootstrapOptions(string? Email, string? Password, string? OperatorApiKey);

/// <summary>All of configuration, validated.</summary>
public sealed record PortalSettings(
    PortalOptions Portal,
    ResendOptions Resend,
    SendingOptions Sending,
    ApiOptions Api,
    AuditOptions Audit,
    OutgoingEventOptions OutgoingEvents,
    WebhookOptions Webhooks,
    TestingOptions Testing
);

/// <summary>The section <c>Audit</c>.</summary>
/// <param name="Keys">The first seals, the others verify what was sealed before; empty: the data directory's own.</param>
public sealed record AuditOptions(IReadOnlyList<byte[]> Keys);

/// <summary>Configuration was read; either it holds, or every problem is listed by its key.</summary>
public abstract record SettingsReading
{
    public sealed record Valid(PortalSettings Settings) : SettingsReading;

    public sealed record Invalid(IReadOnlyList<string> Problems) : SettingsReading;
}

/// <summary>The portal cannot start, for a reason that its operator can mend; shown without a stack trace.</summary>
public sealed class StartRefusedException(string message, int exitCode = 1) : Exception(message)
{
    /// <summary>Of the process: 2 for what this installation never does, 1 for what may go well another time.</summary>
    public int ExitCode => exitCode;
}
