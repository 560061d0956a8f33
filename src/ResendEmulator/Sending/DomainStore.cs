using ResendEmulator.Control;
using ResendEmulator.Hosting;
using ResendEmulator.Storage;

namespace ResendEmulator.Sending;

/// <summary>A sender domain. A verification in progress settles at an instant of the emulator's clock.</summary>
public sealed record SenderDomain(
    string Id,
    string Name,
    string Region,
    long At,
    string Status,
    long? SettlesAt,
    string? SettlesAs,
    bool OpenTracking,
    bool ClickTracking,
    string ReturnPath
)
{
    public string StatusAt(DateTimeOffset now) =>
        SettlesAt is { } at && at <= Instant.Micros(now) ? SettlesAs ?? Status : Status;
}

/// <summary>The team's domains.</summary>
public sealed class DomainStore(EmulatorOptions options, Switches switches)
{
    private const string Columns =
        "SELECT id, name, region, at, status, settles_at, settles_as, open_tracking, click_tracking, return_path FROM domains";

    public void Seed(SqlSession sql, DateTimeOffset now)
    {
        foreach (var name in options.VerifiedDomains.Select(name => name.ToLowerInvariant()))
        {
            sql.Run(
                "INSERT OR IGNORE INTO domains(id, name, region, at, status) VALUES(@0,@1,'eu-west-1',@2,'verified')",
                EmulatorIds.Stable(name),
                name,
                Instant.Micros(now)
            );
        }
    }

    public bool IsVerified(SqlSession sql, string name, DateTimeOffset now) =>
        sql.Query(Columns + " WHERE name=@0", Map, name)
            .Exists(domain => string.Equals(domain.StatusAt(now), "verified", StringComparison.Ordinal));

    public SenderDomain? Find(SqlSession sql, string id) =>
        sql.Query(Columns + " WHERE id=@0", Map, id).FirstOrDefault();

    public List<SenderDomain> All(SqlSession sql) => sql.Query(Columns + " ORDER BY at DESC, id DESC", Map);

    /// <summary>False when the name is taken.</summary>
    public bool TryAdd(SqlSession sql, SenderDomain domain) =>
        sql.Run(
            """
            INSERT OR IGNORE INTO domains(id, name, region, at, status, open_tracking, click_tracking, return_path)
            VALUES(@0,@1,@2,@3,@4,@5,@6,@7)
            """,
            domain.Id,
            domain.Name,
            domain.Region,
            domain.At,
            domain.Status,
            domain.OpenTracking ? 1 : 0,
            domain.ClickTracking ? 1 : 0,
            domain.ReturnPath
        ) == 1;

    public void StartVerification(SqlSession sql, SenderDomain domain, DateTimeOffset now)
    {
        var fails = switches.Current.DomainsThatFail.Any(end =>
            domain.Name.EndsWith(end, StringComparison.OrdinalIgnoreCase)
        );
        sql.Run(
            "UPDATE domains SET status='pending', settles_at=@1, settles_as=@2 WHERE id=@0",
            domain.Id,
            Instant.Micros(now + switches.Current.DomainVerificationTakes),
            fails ? "failed" : "verified"
        );
    }

    /// <summary>Sets the status at once, whatever the DNS would say.</summary>
    public bool SetStatus(SqlSession sql, string name, string status) =>
        sql.Run("UPDATE domains SET status=@1, settles_at=NULL, settles_as=NULL WHERE name=@0", name, status) == 1;

    public void SetTracking(SqlSession sql, string id, bool? open, bool? click) =>
        sql.Run(
            "UPDATE domains SET open_tracking=coalesce(@1, open_tracking), click_tracking=coalesce(@2, click_tracking) WHERE id=@0",
            id,
            open is { } o ? (o ? 1 : 0) : null,
            click is { } c ? (c ? 1 : 0) : null
        );

    public bool Remove(SqlSession sql, string id) => sql.Run("DELETE FROM domains WHERE id=@0", id) == 1;

    private static SenderDomain Map(Microsoft.Data.Sqlite.SqliteDataReader row) =>
        new(
            row.GetString(0),
            row.GetString(1),
            row.GetString(2),
            row.GetInt64(3),
            row.GetString(4),
            row.IsDBNull(5) ? null : row.GetInt64(5),
            row.IsDBNull(6) ? null : row.GetString(6),
            row.GetInt64(7) != 0,
            row.GetInt64(8) != 0,
            row.GetString(9)
        );
}
