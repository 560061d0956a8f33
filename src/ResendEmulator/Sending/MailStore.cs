using System.Text.Json;
using ResendEmulator.Hosting;
using ResendEmulator.Protocol;
using ResendEmulator.Storage;
using ResendEmulator.Webhooks;

namespace ResendEmulator.Sending;

/// <summary>Accepted mails and what will become of them, written in the acceptance's own transaction.</summary>
public sealed class MailStore(EmulatorIds ids, Control.Switches switches, EmulatorOptions options)
{
    /// <summary>Stores the mails of one call; returns their ids in order.</summary>
    public List<string> Insert(SqlSession sql, long callSeq, DateTimeOffset at, IReadOnlyList<MailDraft> mails)
    {
        var plan = new EventPlan(switches.Current, options.Seed ?? 1);
        var made = new List<string>(mails.Count);
        foreach (var mail in mails)
        {
            var id = ids.New();
            made.Add(id);
            sql.Run(
                """
                INSERT INTO mails(id, call_seq, position, at, scheduled_at, sender, recipients, subject, tags, headers, campaign)
                VALUES(@0,@1,@2,@3,@4,@5,@6,@7,@8,@9,@10)
                """,
                id,
                callSeq,
                mail.Position,
                Instant.Micros(at),
                mail.ScheduledAt is { } later ? Instant.Micros(later) : null,
                mail.From,
                JsonSerializer.Serialize(mail.To, ApiAnswer.Json),
                mail.Subject,
                mail.Tags,
                mail.Headers,
                mail.Campaign
            );
            var seq = sql.Count("SELECT last_insert_rowid()");
            foreach (var address in mail.Everyone.Select(a => a.ToLowerInvariant()).Distinct(StringComparer.Ordinal))
            {
                sql.Run(
                    "INSERT INTO recipients(address, campaign, mail_seq) VALUES(@0,@1,@2)",
                    address,
                    mail.Campaign,
                    seq
                );
            }

            InsertEvents(sql, id, seq, plan.For(mail, seq, at));
        }

        return made;
    }

    private void InsertEvents(SqlSession sql, string id, long mail, IEnumerable<PlannedEvent> events)
    {
        var number = 0;
        foreach (var planned in events)
        {
            InsertEvent(sql, id, mail, number++, planned);
        }
    }

    private void InsertEvent(SqlSession sql, string id, long mail, int number, PlannedEvent planned)
    {
        var svixId = $"msg_{id.Replace("-", "", StringComparison.Ordinal)}{number:D2}";
        sql.Run(
            "INSERT INTO events(svix_id, mail_seq, type, at, due, extra) VALUES(@0,@1,@2,@3,@4,@5)",
            svixId,
            mail,
            planned.Type,
            Instant.Micros(planned.At),
            Instant.Micros(planned.At + switches.Current.WebhookDelay),
            planned.Extra
        );
    }

    /// <summary>Adds one more event to a mail, after those it has.</summary>
    public void AddEvent(SqlSession sql, string id, long mail, PlannedEvent planned) =>
        InsertEvent(sql, id, mail, (int)sql.Count("SELECT count(*) FROM events WHERE mail_seq=@0", mail) + 50, planned);
}
