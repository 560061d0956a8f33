using System.Text.Json;
using ResendEmulator.Hosting;
using ResendEmulator.Protocol;
using ResendEmulator.Storage;
using ResendEmulator.Webhooks;

namespace ResendEmulator.Sending;

/// <summary>Accepted mails and what will become of them, written in the acceptance's own transaction.</summary>
public sealed class MailStore(EmulatorIds ids, Control.Switches switches, EmulatorOptions options)
{
    public List<string> NewIds(int count)
    {
        var made = new List<string>(count);
        for (var i = 0; i < count; i++)
        {
            made.Add(ids.New());
        }

        return made;
    }

    /// <summary>Stores the mails of one call under their ids.</summary>
    public void Insert(
        SqlSession sql,
        long callSeq,
        DateTimeOffset at,
        IReadOnlyList<MailDraft> mails,
        IReadOnlyList<string> made
    )
    {
        // The numbers that the table would give: AUTOINCREMENT counts on from the greatest ever given.
        var first = sql.Count("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name='mails'),0)+1");
        InsertMails(sql, first, callSeq, at, mails, made);
        InsertRecipients(sql, first, mails);
        var plan = new EventPlan(switches.Current, options.Seed ?? 1);
        var events = new List<(int Mail, int Number, PlannedEvent Event)>(mails.Count * 2);
        for (var i = 0; i < mails.Count; i++)
        {
            var number = 0;
            foreach (var planned in plan.For(mails[i], first + i, at))
            {
                events.Add((i, number++, planned));
            }
        }

        var rows = Events(sql, events.Count);
        foreach (var (mail, number, planned) in events)
        {
            InsertEvent(rows, made[mail], first + mail, number, planned);
        }
    }

    /// <summary>Adds one more event to a mail, after those it has.</summary>
    public void AddEvent(SqlSession sql, string id, long mail, PlannedEvent planned)
    {
        var number = (int)sql.Count("SELECT count(*) FROM events WHERE mail_seq=@0", mail) + 50;
        InsertEvent(Events(sql, 1), id, mail, number, planned);
    }

    private static void InsertMails(
        SqlSession sql,
        long first,
        long callSeq,
        DateTimeOffset at,
        IReadOnlyList<MailDraft> mails,
        IReadOnlyList<string> made
    )
    {
        var rows = sql.Into(
            "mails",
            "seq",
            "id",
            "call_seq",
            "position",
            "at",
            "scheduled_at",
            "sender",
            "recipients",
            "subject",
            "tags",
            "headers",
            "campaign"
        );
        rows.Begin(mails.Count);
        for (var i = 0; i < mails.Count; i++)
        {
            var mail = mails[i];
            rows.Add(first + i)
                .Add(made[i])
                .Add(callSeq)
                .Add(mail.Position)
                .Add(Instant.Micros(at))
                .Add(mail.ScheduledAt is { } later ? Instant.Micros(later) : null)
                .Add(mail.From)
                .Add(JsonSerializer.Serialize(mail.To, ApiAnswer.Json))
                .Add(mail.Subject)
                .Add(mail.Tags)
                .Add(mail.Headers)
                .Add(mail.Campaign);
        }
    }

    private static void InsertRecipients(SqlSession sql, long first, IReadOnlyList<MailDraft> mails)
    {
        var recipients = mails.Select(mail => Addresses(mail)).ToList();
        var rows = sql.Into("recipients", "address", "campaign", "mail_seq");
        rows.Begin(recipients.Sum(addresses => addresses.Count));
        for (var i = 0; i < mails.Count; i++)
        {
            foreach (var address in recipients[i])
            {
                rows.Add(address).Add(mails[i].Campaign).Add(first + i);
            }
        }
    }

    private static IReadOnlyList<string> Addresses(MailDraft mail) =>
        mail.Everyone.Count == 1
            ? [mail.Everyone[0].ToLowerInvariant()]
            : [.. mail.Everyone.Select(a => a.ToLowerInvariant()).Distinct(StringComparer.Ordinal)];

    private static BulkInsert Events(SqlSession sql, int count)
    {
        var rows = sql.Into("events", "svix_id", "mail_seq", "type", "at", "due", "extra");
        rows.Begin(count);
        return rows;
    }

    private void InsertEvent(BulkInsert rows, string id, long mail, int number, PlannedEvent planned) =>
        rows.Add($"msg_{id.Replace("-", "", StringComparison.Ordinal)}{number:D2}")
            .Add(mail)
            .Add(planned.Type)
            .Add(Instant.Micros(planned.At))
            .Add(Instant.Micros(planned.At + switches.Current.WebhookDelay))
            .Add(planned.Extra);
}
