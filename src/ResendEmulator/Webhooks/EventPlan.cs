using System.Text.Json;
using ResendEmulator.Faults;
using ResendEmulator.Protocol;
using ResendEmulator.Sending;
using ResendEmulator.Storage;

namespace ResendEmulator.Webhooks;

/// <summary>Something that will happen to a mail. Extra is the event's own object as JSON members, without braces.</summary>
public sealed record PlannedEvent(string Type, DateTimeOffset At, string? Extra = null);

/// <summary>What becomes of a mail, decided when it is accepted: by its recipients first, then by the seeded shares.</summary>
public sealed class EventPlan(Behaviour behaviour, int seed)
{
    private const string Visitor = "Mozilla/5.0 (compatible; ResendEmulator)";

    public IEnumerable<PlannedEvent> For(MailDraft mail, long number, DateTimeOffset accepted)
    {
        var start = accepted;
        if (mail.ScheduledAt is { } later && later > accepted)
        {
            yield return new PlannedEvent("email.scheduled", accepted);
            start = later;
        }

        var fate = mail.Everyone.Select(FateOf).FirstOrDefault(f => f is not "delivered", "delivered");
        var sent = start + behaviour.SentAfter;
        var outcome = sent + behaviour.OutcomeAfter;
        if (fate is "suppressed")
        {
            yield return new PlannedEvent("email.suppressed", sent, Suppressed);
            yield break;
        }

        if (fate is "failed")
        {
            yield return new PlannedEvent(
                "email.failed",
                sent,
                """ "failed":{"reason":"reached_daily_quota"} """.Trim()
            );
            yield break;
        }

        yield return new PlannedEvent("email.sent", sent);
        if (fate is "bounced")
        {
            yield return new PlannedEvent("email.bounced", outcome, Bounced);
            yield break;
        }

        if (fate is "delayed")
        {
            yield return new PlannedEvent("email.delivery_delayed", outcome);
            outcome += behaviour.OutcomeAfter;
        }

        yield return new PlannedEvent("email.delivered", outcome);
        if (fate is "complained")
        {
            yield return new PlannedEvent("email.complained", outcome + behaviour.OutcomeAfter);
            yield break;
        }

        foreach (var visit in Visits(mail, number, outcome))
        {
            yield return visit;
        }
    }

    private const string Suppressed = """
        "suppressed":{"type":"OnAccountSuppressionList","message":"The recipient is on the suppression list.","reason":"previous_bounce"}
        """;

    private const string Bounced = """
        "bounce":{"type":"Permanent","subType":"General","message":"The recipient's mail server permanently rejected the email.","diagnosticCode":["smtp; 550 5.1.1 user unknown"]}
        """;

    private IEnumerable<PlannedEvent> Visits(MailDraft mail, long number, DateTimeOffset delivered)
    {
        if (Chance.Of(seed, number) >= behaviour.OpenShare)
        {
            yield break;
        }

        var opened = delivered + behaviour.OutcomeAfter;
        yield return new PlannedEvent("email.opened", opened, Visit("open", opened, link: null));
        if (mail.Link is { } link && Chance.Of(seed + 1, number) < behaviour.ClickShare)
        {
            var clicked = opened + behaviour.OutcomeAfter;
            yield return new PlannedEvent("email.clicked", clicked, Visit("click", clicked, link));
        }
    }

    private static string Visit(string name, DateTimeOffset at, string? link)
    {
        var visit = new Dictionary<string, string>(StringComparer.Ordinal) { ["ipAddress"] = "192.0.2.7" };
        if (link is not null)
        {
            visit.Add("link", link);
        }

        visit.Add("timestamp", Instant.Iso(Instant.Micros(at)));
        visit.Add("userAgent", Visitor);
        return $"\"{name}\":{JsonSerializer.Serialize(visit, ApiAnswer.Json)}";
    }

    private string FateOf(string address)
    {
        var official = string.Equals(Addresses.DomainOf(address), "resend.dev", StringComparison.Ordinal);
        if (!official && !behaviour.TestRecipientsEverywhere)
        {
            return "delivered";
        }

        return Addresses.MailboxOf(address) switch
        {
            "bounced" => "bounced",
            "complained" => "complained",
            "suppressed" => "suppressed",
            "failed" when !official => "failed",
            "delayed" when !official => "delayed",
            _ => "delivered",
        };
    }
}
