using System.Globalization;
using ResendEmulator.Faults;
using ResendEmulator.Hosting;
using ResendEmulator.Protocol;
using ResendEmulator.Retrieval;
using ResendEmulator.Sending;
using ResendEmulator.Storage;
using ResendEmulator.Webhooks;

namespace ResendEmulator.Control;

/// <summary>What the emulator did, in numbers that a proof can be held against.</summary>
/// <param name="Duplicates">Mails beyond the first to the same address in the same campaign.</param>
public sealed record EmulatorState(
    DateTimeOffset Now,
    TimeSpan ClockOffset,
    long Mails,
    long Recipients,
    long Addresses,
    long Duplicates,
    long Calls,
    long WebhooksWaiting,
    long WebhooksTaken,
    string? WebhookUrl,
    Behaviour Behaviour,
    IReadOnlyList<FaultState> Faults
);

/// <summary>One address that got more than one mail of a campaign.</summary>
public sealed record DuplicateMail(string Address, string Campaign, long Count);

/// <summary>One line of the wire log.</summary>
/// <param name="Status">What the API decided; <c>null</c> when it decided nothing.</param>
/// <param name="WireStatus">What the caller could see; <c>null</c> when the connection was cut.</param>
public sealed record WireCall(
    long Number,
    string Id,
    DateTimeOffset At,
    string Method,
    string Path,
    string? ApiKey,
    string? IdempotencyKey,
    string? BodyHash,
    int Count,
    int? Status,
    int? WireStatus,
    bool Replayed,
    string? Fault
);

/// <summary>
/// The emulator's controls for programs in its process; the control API and the panel offer the same over HTTP.
/// </summary>
public sealed class EmulatorControl(
    Database database,
    EmulatorClock clock,
    Switches switches,
    FaultBook faults,
    EmulatorLife life,
    WebhookEndpoints endpoints,
    WebhookSender sender,
    DomainStore domains,
    Quota quota,
    MailReader mails
)
{
    private const string OffsetKey = "clock_offset_ticks";

    public DateTimeOffset Now => clock.GetUtcNow();

    public Behaviour Behaviour
    {
        get => switches.Current;
        set
        {
            switches.Current = value;
            sender.Wake();
        }
    }

    public IReadOnlyList<FaultState> Faults => faults.Current;

    public WebhookEndpoint? Webhook => endpoints.Current;

    /// <summary>Replaces all faults; their counts start at zero.</summary>
    public Task SetFaultsAsync(params FaultRule[] rules)
    {
        faults.Set(rules);
        return database.WriteAsync(faults.Save);
    }

    public Task AddFaultAsync(FaultRule rule)
    {
        faults.Add(rule);
        return database.WriteAsync(faults.Save);
    }

    /// <summary>Forgets all faults, and ends the delay of the calls that are slow by one.</summary>
    public async Task HealAsync()
    {
        await SetFaultsAsync();
        await life.HealAsync();
    }

    /// <summary>Completes when a call has begun to hang; each hang is reported once.</summary>
    public Task NextHangAsync(CancellationToken cancellationToken = default) => life.NextHangAsync(cancellationToken);

    public async Task AdvanceClockAsync(TimeSpan by)
    {
        var offset = clock.Offset + by;
        await database.WriteAsync(sql =>
            sql.Run(
                "INSERT INTO meta(key, value) VALUES(@0,@1) ON CONFLICT(key) DO UPDATE SET value=@1",
                OffsetKey,
                offset.Ticks.ToString(CultureInfo.InvariantCulture)
            )
        );
        clock.SetOffset(offset);
        sender.Wake();
    }

    internal static TimeSpan SavedOffset(SqlSession sql) =>
        sql.Scalar<string>("SELECT value FROM meta WHERE key=@0", OffsetKey) is { } ticks
            ? TimeSpan.FromTicks(long.Parse(ticks, CultureInfo.InvariantCulture))
            : TimeSpan.Zero;

    public async Task<WebhookEndpoint> SetWebhookAsync(string url, string? secret = null)
    {
        var endpoint = await database.WriteAsync(sql => endpoints.Set(sql, url, secret));
        sender.Wake();
        return endpoint;
    }

    public void HoldWebhooks() => Behaviour = Behaviour with { WebhooksHeld = true };

    public void ReleaseWebhooks() => Behaviour = Behaviour with { WebhooksHeld = false };

    /// <summary>Sends events again that were taken or given up, with their old svix-id; of one mail, or all.</summary>
    public async Task<int> RedeliverAsync(string? mailId = null)
    {
        var now = Instant.Micros(clock.GetUtcNow());
        var count = await database.WriteAsync(sql => WebhookQueue.Redeliver(sql, now, mailId));
        sender.Wake();
        return count;
    }

    /// <summary>Any status of facts: <c>verified</c>, <c>failed</c>, <c>pending</c> and so on; false for an unknown domain.</summary>
    public Task<bool> SetDomainStatusAsync(string name, string status) =>
        database.WriteAsync(sql => domains.SetStatus(sql, name.ToLowerInvariant(), status));

    public Task<EmulatorState> StateAsync() =>
        database.ReadAsync(sql => new EmulatorState(
            clock.GetUtcNow(),
            clock.Offset,
            sql.Count("SELECT count(*) FROM mails"),
            sql.Count("SELECT count(*) FROM recipients"),
            sql.Count("SELECT count(DISTINCT address) FROM recipients"),
            sql.Count(
                "SELECT coalesce(sum(n-1),0) FROM (SELECT count(*) n FROM recipients GROUP BY address, campaign HAVING n>1)"
            ),
            sql.Count("SELECT count(*) FROM calls"),
            sql.Count("SELECT count(*) FROM events WHERE due IS NOT NULL"),
            sql.Count("SELECT count(*) FROM events WHERE delivered_at IS NOT NULL"),
            endpoints.Current?.Url,
            switches.Current,
            faults.Current
        ));

    public Task<List<DuplicateMail>> DuplicatesAsync() =>
        database.ReadAsync(sql =>
            sql.Query(
                "SELECT address, campaign, count(*) n FROM recipients GROUP BY address, campaign HAVING n>1 ORDER BY n DESC, address LIMIT 1000",
                row => new DuplicateMail(row.GetString(0), row.GetString(1), row.GetInt64(2))
            )
        );

    /// <summary>The newest first; both filters are optional. To: a part of an address or of the subject.</summary>
    public Task<List<MailLine>> MailsAsync(
        string? to = null,
        string? campaign = null,
        int limit = 1000,
        int skip = 0
    ) => mails.ListAsync(to, campaign, limit, skip);

    /// <summary>The wire log, oldest first, after the given number.</summary>
    public Task<List<WireCall>> CallsAsync(long after = 0, int limit = 10_000) =>
        database.ReadAsync(sql =>
            sql.Query(CallColumns + " WHERE seq>@0 ORDER BY seq LIMIT @1", Call, after, (long)limit)
        );

    /// <summary>The end of the wire log, newest first.</summary>
    public Task<List<WireCall>> LastCallsAsync(int limit) =>
        database.ReadAsync(sql => sql.Query(CallColumns + " ORDER BY seq DESC LIMIT @0", Call, (long)limit));

    /// <summary>Forgets mails, calls, keys, events, domains, faults and the moved clock; keeps the webhook endpoint.</summary>
    public async Task ResetAsync()
    {
        faults.Set([]);
        var endpoint = endpoints.Current;
        clock.SetOffset(TimeSpan.Zero);
        await database.WriteAsync(sql =>
        {
            foreach (var table in Schema.Tables)
            {
                sql.Run("DELETE FROM " + table);
            }

            domains.Seed(sql, clock.GetUtcNow());
            quota.Refresh(sql, again: true);
            if (endpoint is not null)
            {
                endpoints.Set(sql, endpoint.Url, endpoint.Secret, endpoint.Events, endpoint.Enabled);
            }
        });
    }

    private const string CallColumns = """
        SELECT seq, id, at, method, path, api_key, idempotency_key, body_hash, count, status, wire_status, replayed, fault
        FROM calls
        """;

    private static WireCall Call(Microsoft.Data.Sqlite.SqliteDataReader row) =>
        new(
            row.GetInt64(0),
            row.GetString(1),
            Instant.From(row.GetInt64(2)),
            row.GetString(3),
            row.GetString(4),
            Text(row, 5),
            Text(row, 6),
            Text(row, 7),
            row.GetInt32(8),
            Number(row, 9),
            Number(row, 10),
            row.GetInt32(11) != 0,
            Text(row, 12)
        );

    private static string? Text(Microsoft.Data.Sqlite.SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);

    private static int? Number(Microsoft.Data.Sqlite.SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetInt32(column);
}
