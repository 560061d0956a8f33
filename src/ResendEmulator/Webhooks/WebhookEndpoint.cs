using System.Text.Json;
using ResendEmulator.Hosting;
using ResendEmulator.Storage;

namespace ResendEmulator.Webhooks;

/// <summary>Where webhooks go. The emulator has one endpoint at a time.</summary>
public sealed record WebhookEndpoint(
    string Id,
    string Url,
    string Secret,
    IReadOnlyList<string> Events,
    bool Enabled,
    long At
)
{
    /// <summary>An empty list takes every event.</summary>
    public bool Takes(string type) => Events.Count == 0 || Events.Contains(type, StringComparer.Ordinal);
}

/// <summary>Keeps the endpoint over restarts.</summary>
public sealed class WebhookEndpoints(EmulatorIds ids, EmulatorClock clock)
{
    private const string MetaKey = "webhook";
    private volatile WebhookEndpoint? _current;

    public WebhookEndpoint? Current => _current;

    public WebhookEndpoint Set(
        SqlSession sql,
        string url,
        string? secret,
        IReadOnlyList<string>? events = null,
        bool enabled = true
    )
    {
        var kept = _current?.Secret;
        var endpoint = new WebhookEndpoint(
            _current?.Id ?? ids.New(),
            url,
            secret ?? kept ?? ids.NewSecret(),
            events ?? [],
            enabled,
            _current?.At ?? Instant.Micros(clock.GetUtcNow())
        );
        sql.Run(
            "INSERT INTO meta(key, value) VALUES(@0,@1) ON CONFLICT(key) DO UPDATE SET value=@1",
            MetaKey,
            JsonSerializer.Serialize(endpoint)
        );
        _current = endpoint;
        return endpoint;
    }

    public void Remove(SqlSession sql)
    {
        sql.Run("DELETE FROM meta WHERE key=@0", MetaKey);
        _current = null;
    }

    public void Load(SqlSession sql)
    {
        if (sql.Scalar<string>("SELECT value FROM meta WHERE key=@0", MetaKey) is { } text)
        {
            _current = JsonSerializer.Deserialize<WebhookEndpoint>(text);
        }
    }
}
