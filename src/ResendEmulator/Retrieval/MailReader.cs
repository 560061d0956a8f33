using System.Text.Json;
using Microsoft.Data.Sqlite;
using ResendEmulator.Hosting;
using ResendEmulator.Storage;

namespace ResendEmulator.Retrieval;

/// <summary>A mail in a list.</summary>
/// <param name="LastEvent">The last thing that has happened by now, without <c>email.</c>; <c>queued</c> before the first.</param>
public sealed record MailLine(
    long Number,
    string Id,
    DateTimeOffset At,
    DateTimeOffset? ScheduledAt,
    string From,
    IReadOnlyList<string> To,
    string Subject,
    string Campaign,
    string LastEvent
);

/// <summary>One event of a mail, and how its webhook fares.</summary>
public sealed record MailEvent(
    string SvixId,
    string Type,
    DateTimeOffset At,
    DateTimeOffset? DueAt,
    int Attempts,
    string? LastAnswer,
    DateTimeOffset? TakenAt
);

/// <summary>A whole mail. Source is the mail as it stood in the request.</summary>
public sealed record MailDetail(
    MailLine Line,
    JsonElement Source,
    string? IdempotencyKey,
    IReadOnlyList<MailEvent> Events
);

/// <summary>Reads mails back: for the API, the panel and tests alike.</summary>
public sealed class MailReader(Database database, EmulatorClock clock)
{
    private const string Columns = """
        SELECT m.seq, m.id, m.at, m.scheduled_at, m.sender, m.recipients, m.subject, m.campaign,
            (SELECT substr(e.type, 7) FROM events e WHERE e.mail_seq=m.seq AND e.at<=@0 ORDER BY e.at DESC, e.seq DESC LIMIT 1)
        FROM mails m
        """;

    /// <summary>The newest first. Text is a part of a recipient's address or of the subject.</summary>
    public Task<List<MailLine>> ListAsync(string? text, string? campaign, int limit, int skip)
    {
        var now = Instant.Micros(clock.GetUtcNow());
        return database.ReadAsync(sql =>
            sql.Query(
                Columns
                    + """
                     WHERE (@1 IS NULL OR instr(lower(m.recipients), @1)>0 OR instr(lower(m.subject), @1)>0)
                     AND (@2 IS NULL OR m.campaign=@2) ORDER BY m.seq DESC LIMIT @3 OFFSET @4
                    """,
                Line,
                now,
                string.IsNullOrWhiteSpace(text) ? null : text.Trim().ToLowerInvariant(),
                campaign,
                (long)limit,
                (long)skip
            )
        );
    }

    /// <summary>
    /// A page of at most that many plus one: after an id come older mails, before an id newer ones; <c>null</c> for an unknown id.
    /// </summary>
    public Task<List<MailLine>?> PageAsync(string? after, string? before, int limit)
    {
        var now = Instant.Micros(clock.GetUtcNow());
        return database.ReadAsync(sql =>
        {
            long? mark = null;
            if ((after ?? before) is { } id)
            {
                mark = sql.Query("SELECT seq FROM mails WHERE id=@0", row => (long?)row.GetInt64(0), id)
                    .FirstOrDefault();
                if (mark is null)
                {
                    return null;
                }
            }

            if (before is not null)
            {
                var newer = sql.Query(Columns + " WHERE m.seq>@1 ORDER BY m.seq LIMIT @2", Line, now, mark, limit + 1L);
                newer.Reverse();
                return newer;
            }

            return sql.Query(
                Columns + " WHERE m.seq<@1 ORDER BY m.seq DESC LIMIT @2",
                Line,
                now,
                mark ?? long.MaxValue,
                limit + 1L
            );
        });
    }

    public Task<MailDetail?> FindAsync(string id)
    {
        var now = Instant.Micros(clock.GetUtcNow());
        return database.ReadAsync(sql =>
        {
            var line = sql.Query(Columns + " WHERE m.id=@1", Line, now, id).FirstOrDefault();
            if (line is null)
            {
                return null;
            }

            var (position, packed, key) = sql.Query(
                "SELECT m.position, c.request, c.idempotency_key FROM mails m JOIN calls c ON c.seq=m.call_seq WHERE m.seq=@0",
                row => (row.GetInt32(0), (byte[])row[1], row.IsDBNull(2) ? null : row.GetString(2)),
                line.Number
            )[0];
            using var body = JsonDocument.Parse(Packed.Unpack(packed));
            var source = position < 0 ? body.RootElement : body.RootElement[position];
            return new MailDetail(line, source.Clone(), key, Events(sql, line.Number));
        });
    }

    private static List<MailEvent> Events(SqlSession sql, long mail) =>
        sql.Query(
            "SELECT svix_id, type, at, due, attempts, last_answer, delivered_at FROM events WHERE mail_seq=@0 ORDER BY at, seq",
            row => new MailEvent(
                row.GetString(0),
                row.GetString(1),
                Instant.From(row.GetInt64(2)),
                row.IsDBNull(3) ? null : Instant.From(row.GetInt64(3)),
                row.GetInt32(4),
                row.IsDBNull(5) ? null : row.GetString(5),
                row.IsDBNull(6) ? null : Instant.From(row.GetInt64(6))
            ),
            mail
        );

    private static MailLine Line(SqliteDataReader row) =>
        new(
            row.GetInt64(0),
            row.GetString(1),
            Instant.From(row.GetInt64(2)),
            row.IsDBNull(3) ? null : Instant.From(row.GetInt64(3)),
            row.GetString(4),
            JsonSerializer.Deserialize<List<string>>(row.GetString(5)) ?? [],
            row.GetString(6),
            row.GetString(7),
            row.IsDBNull(8) ? "queued" : row.GetString(8)
        );
}
