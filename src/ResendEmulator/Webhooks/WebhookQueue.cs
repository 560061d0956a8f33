using ResendEmulator.Storage;

namespace ResendEmulator.Webhooks;

/// <summary>One event that is due, with what its payload needs.</summary>
public sealed record DueEvent(
    long Seq,
    string SvixId,
    string Type,
    long At,
    int Attempts,
    string? Extra,
    string MailId,
    long MailAt,
    string Sender,
    string Recipients,
    string Subject,
    string? Tags,
    string? Headers
);

/// <summary>The persisted queue of webhooks: an event stays due until it was taken with a 2xx or its attempts are used up.</summary>
public static class WebhookQueue
{
    /// <summary>Waits before the attempts 1 to 8, each counted from the attempt before.</summary>
    public static readonly TimeSpan[] Schedule =
    [
        TimeSpan.Zero,
        TimeSpan.FromSeconds(5),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(5),
        TimeSpan.FromHours(10),
        TimeSpan.FromHours(10),
    ];

    public static List<DueEvent> Due(SqlSession sql, long now, int most) =>
        sql.Query(
            """
            SELECT e.seq, e.svix_id, e.type, e.at, e.attempts, e.extra, m.id, m.at, m.sender, m.recipients, m.subject,
                m.tags, m.headers
            FROM events e JOIN mails m ON m.seq=e.mail_seq WHERE e.due<=@0 ORDER BY e.due, e.seq LIMIT @1
            """,
            row => new DueEvent(
                row.GetInt64(0),
                row.GetString(1),
                row.GetString(2),
                row.GetInt64(3),
                row.GetInt32(4),
                row.IsDBNull(5) ? null : row.GetString(5),
                row.GetString(6),
                row.GetInt64(7),
                row.GetString(8),
                row.GetString(9),
                row.GetString(10),
                row.IsDBNull(11) ? null : row.GetString(11),
                row.IsDBNull(12) ? null : row.GetString(12)
            ),
            now,
            (long)most
        );

    public static long? NextDue(SqlSession sql) =>
        sql.Query(
            "SELECT min(due) FROM events WHERE due IS NOT NULL",
            row => row.IsDBNull(0) ? (long?)null : row.GetInt64(0)
        )[0];

    public static void Taken(SqlSession sql, DueEvent item, string answer, DateTimeOffset at) =>
        sql.Run(
            "UPDATE events SET attempts=attempts+1, last_answer=@1, delivered_at=@2, due=NULL WHERE seq=@0",
            item.Seq,
            answer,
            Instant.Micros(at)
        );

    /// <summary>Counts the attempt; the next one is due after its wait, or never.</summary>
    public static void Refused(SqlSession sql, DueEvent item, string answer, DateTimeOffset attemptedAt)
    {
        var next = item.Attempts + 1;
        long? due = next < Schedule.Length ? Instant.Micros(attemptedAt + Schedule[next]) : null;
        sql.Run(
            "UPDATE events SET attempts=@1, last_answer=@2, due=@3 WHERE seq=@0",
            item.Seq,
            (long)next,
            answer,
            due
        );
    }

    /// <summary>Makes events due again that were delivered or given up; of one mail or all.</summary>
    public static int Redeliver(SqlSession sql, long now, string? mailId) =>
        sql.Run(
            """
            UPDATE events SET due=@0, attempts=0
            WHERE due IS NULL AND at<=@0 AND (@1 IS NULL OR mail_seq=(SELECT seq FROM mails WHERE id=@1))
            """,
            now,
            mailId
        );
}
