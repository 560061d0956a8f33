using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Outbox;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Webhooks;

/// <summary>
/// Applies many events in one transaction: first what each of them proves, then, a campaign at a time, the story's lines, the
/// rows' new values, who is suppressed, and the events' own end.
/// </summary>
internal sealed class EventBatch(
    PortalDbContext context,
    IIds ids,
    CampaignNotifier notifier,
    DomainSignal looks,
    ILogger logger
)
{
    /// <summary>An untagged event that nobody claimed for so long is about somebody else's mail.</summary>
    public static readonly TimeSpan WaitsAtMost = TimeSpan.FromDays(3);

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(6);

    private readonly HashSet<(Guid TenantId, Guid CampaignId)> _proven = [];
    private Signers _signers = null!;

    private sealed record Known(WaitingEvent Event, ProofResult Proof)
    {
        public ProviderEvent Happened => Event.Happened!;
    }

    public async Task ApplyAsync(IReadOnlyList<WaitingEvent> read, DateTimeOffset now, CancellationToken cancellation)
    {
        await context.LockEventsAsync(cancellation);
        var events = await WebhookRows.StillWaitingAsync(context, read, cancellation);
        _signers = await Signers.ReadAsync(context, cancellation);
        var known = await ProveAsync([.. events.Where(e => e.Happened is not null)], now, cancellation);
        foreach (
            var campaign in known
                .Where(one => one.Proof is ProofResult.Proven)
                .GroupBy(one =>
                    Owner(one) switch
                    {
                        var owner => (owner.TenantId, owner.CampaignId),
                    }
                )
        )
        {
            await TellAsync(campaign.Key.TenantId, campaign.Key.CampaignId, [.. campaign], now, cancellation);
        }

        await EndAsync(events, known, now, cancellation);
        await context.SaveChangesAsync(cancellation);
        await ProveAcceptance.FinishAsync(context, _proven, now, cancellation);
        await LookAtDomainsAsync([.. events.Where(e => e.DomainId is not null)], now, cancellation);
    }

    /// <summary>
    /// What it says of a domain is not believed, for an older one may come later: the provider is asked. A look may itself be what
    /// the next event tells of, so that one comes a minute after the last at the soonest. Last of all, for a domain's row is the last
    /// that anybody takes.
    /// </summary>
    private async Task LookAtDomainsAsync(
        IReadOnlyList<WaitingEvent> events,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        foreach (var signed in events.GroupBy(one => one.AccountId))
        {
            var accounts = _signers.SpeaksFor(signed.Key);
            var named = signed.Select(one => one.DomainId!).Distinct(StringComparer.Ordinal).ToList();
            var domains = context.SendingDomains.Where(domain =>
                accounts.Contains(domain.AccountId)
                && domain.ProviderDomainId != null
                && named.Contains(domain.ProviderDomainId)
            );
            var (before, soon) = (now - BetweenLooks, now + BetweenLooks);
            await domains
                .Where(domain => domain.CheckedAt > before && domain.NextCheckAt > soon)
                .ExecuteUpdateAsync(set => set.SetProperty(domain => domain.NextCheckAt, soon), cancellation);
            var due = await domains
                .Where(domain => (domain.CheckedAt == null || domain.CheckedAt <= before) && domain.NextCheckAt > now)
                .ExecuteUpdateAsync(set => set.SetProperty(domain => domain.NextCheckAt, now), cancellation);
            if (due > 0)
            {
                context.AfterCommit(looks.Raise);
            }
        }
    }

    private static MailOwner Owner(Known one) => ((ProofResult.Proven)one.Proof).Owner;

    /// <summary>
    /// All at once as far as nothing is left to prove. What may prove a call is asked one by one, the first of each call
    /// before the others: after it, they have nothing left to prove.
    /// </summary>
    private async Task<List<Known>> ProveAsync(
        List<WaitingEvent> events,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var known = new List<Known>();
        for (var round = 1; events.Count > 0; round++)
        {
            var mails = events.ConvertAll(e => (_signers.SpeaksFor(e.AccountId), Acceptance(e.Happened!)));
            var found = await KnownMails.LookUpAsync(context, mails, cancellation);
            var open = new List<WaitingEvent>();
            foreach (var (one, mail) in events.Zip(found))
            {
                switch (mail)
                {
                    case KnownMail.Nobody:
                        known.Add(new Known(one, new ProofResult.NoRecipient()));
                        break;
                    case KnownMail.Proven(var owner):
                        known.Add(new Known(one, new ProofResult.Proven(owner, History: false)));
                        break;
                    // Counted at its first look. A tenant signs as many as it likes, and each is looked at thirty times.
                    case KnownMail.OtherAccount when WasSaid(one):
                        known.Add(new Known(one, new ProofResult.OtherAccount()));
                        break;
                    default:
                        open.Add(one);
                        break;
                }
            }

            var first = round == 1 ? open.DistinctBy(CallOf).ToList() : open;
            foreach (var one in first)
            {
                known.Add(new Known(one, await ProveAsync(one, now, cancellation)));
            }

            events = round == 1 ? [.. open.Except(first)] : [];
        }

        return known;
    }

    /// <summary>Of an own account's event, which waits on although it is known to be about another's mail.</summary>
    private bool WasSaid(WaitingEvent one) => one.HasWaited && !_signers.IsTheInstallations(one.AccountId);

    private async Task<ProofResult> ProveAsync(WaitingEvent one, DateTimeOffset now, CancellationToken cancellation)
    {
        // Statements go past what the context has read: each proof reads for itself.
        context.ChangeTracker.Clear();
        var proof = await ProveAcceptance.ApplyAsync(
            context,
            _signers.SpeaksFor(one.AccountId),
            Acceptance(one.Happened!),
            _proven,
            now,
            logger,
            cancellation
        );
        context.ChangeTracker.Clear();
        return proof;
    }

    private static object CallOf(WaitingEvent one) =>
        one.Happened!.Tags is { } tags
            ? (one.AccountId, tags.CampaignId, tags.Chunk, tags.Generation)
            : (object)one.Happened.EmailId;

    internal static Acceptance Acceptance(ProviderEvent happened) =>
        new(happened.Tags, happened.EmailId, happened.To, happened.Type);

    private async Task TellAsync(
        Guid tenantId,
        Guid campaignId,
        IReadOnlyList<Known> events,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var lines = events.ToDictionary(one => IdOf(one.Event));
        var added = await Reports.TellAsync(
            context,
            tenantId,
            campaignId,
            [.. lines.Select(line => Line(line.Key, line.Value))],
            now,
            cancellation
        );
        var news = lines.Where(line => added.Contains(line.Key)).Select(line => line.Value).ToList();
        await Reports.MergeAsync(context, tenantId, campaignId, Merged(news), now, cancellation);
        await EventOutbox.ReportedAsync(context, tenantId, campaignId, Told(news), now, cancellation);
        foreach (var one in news.Where(one => Suppresses(one.Happened) is not null))
        {
            await Suppress.AddAsync(
                context,
                tenantId,
                Owner(one).NormalizedEmail,
                Suppresses(one.Happened)!.Value,
                one.Happened.Detail ?? one.Happened.Type,
                now,
                ids,
                cancellation,
                one.Happened.OccurredAt
            );
        }

        await WebhookRows.AppliedAsync(
            context,
            tenantId,
            campaignId,
            [.. events.Select(one => (one.Event, Owner(one).Number))],
            now,
            cancellation
        );
        await WebhookRows.ForgetBodiesAsync(
            context,
            tenantId,
            [.. events.Where(one => ErasedPeople.IsForm(Owner(one).NormalizedEmail)).Select(one => one.Event)],
            cancellation
        );
        context.AfterCommit(() => notifier.Publish(campaignId));
    }

    private static List<ReportedEvent> Told(List<Known> news) =>
        [
            .. news.Select(one => (One: one, Type: OutgoingType(one.Happened)))
                .Where(pair => pair.Type is not null)
                .Select(pair => new ReportedEvent(
                    IdOf(pair.One.Event).ToString("N"),
                    Owner(pair.One).Number,
                    pair.Type!.Value,
                    pair.One.Happened.OccurredAt,
                    pair.One.Happened.Bounce?.ToString() ?? pair.One.Happened.Machine
                )),
        ];

    private static EventType? OutgoingType(ProviderEvent happened) =>
        happened switch
        {
            { Delivery: Delivery.Delivered } => EventType.RecipientDelivered,
            { Delivery: Delivery.Delayed } => EventType.RecipientDelayed,
            { Delivery: Delivery.Bounced } => EventType.RecipientBounced,
            { Delivery: Delivery.Complained } => EventType.RecipientComplained,
            { Delivery: Delivery.Failed or Delivery.SuppressedByProvider } => EventType.RecipientFailed,
            { IsOpened: true } => EventType.RecipientOpened,
            { IsClicked: true } => EventType.RecipientClicked,
            _ => null,
        };

    /// <summary>Stays in the story whichever mail it is about; the row knows only of the mail that it counts as sent with.</summary>
    private static List<RecipientReport> Merged(List<Known> news)
    {
        var reports = new Dictionary<int, RecipientReport>();
        foreach (var one in news.Where(one => one.Proof is ProofResult.Proven { History: false }))
        {
            var (owner, happened) = (Owner(one), one.Happened);
            if (!reports.TryGetValue(owner.Number, out var report))
            {
                reports[owner.Number] = report = new RecipientReport { Number = owner.Number };
            }

            if (
                owner.ProviderEmailId != happened.EmailId
                && (
                    happened.Tags?.Chunk == owner.ChunkNumber
                    || (owner.ProviderEmailId is null && report.EmailId is null)
                )
            )
            {
                report.EmailId = happened.EmailId;
            }

            Merge(report, happened);
        }

        return [.. reports.Values];
    }

    private static void Merge(RecipientReport report, ProviderEvent happened)
    {
        if (happened.Delivery is { } rank)
        {
            report.Reached(rank, happened.OccurredAt);
        }

        if (happened.Bounce is { } bounce)
        {
            report.Bounced(bounce);
        }

        if (happened.IsOpened)
        {
            report.Open(happened.OccurredAt, happened.Machine is not null);
        }
        else if (happened.IsClicked)
        {
            report.Click(happened.OccurredAt, happened.Machine is not null);
        }
    }

    private async Task EndAsync(
        IReadOnlyList<WaitingEvent> events,
        List<Known> known,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        // What another tenant has, or another account, is nobody's to whom an own account belongs: it must not be told apart.
        var nobodys = known
            .Where(one =>
                one.Proof is ProofResult.NoRecipient
                || (one.Proof is ProofResult.OtherAccount && !_signers.IsTheInstallations(one.Event.AccountId))
            )
            .Select(one => one.Event)
            .ToList();
        var waits = nobodys.Where(one => one.Happened!.Tags is null && now - one.ReceivedAt < WaitsAtMost).ToList();
        await WebhookRows.PutOffAsync(context, waits.ConvertAll(one => (one, Again(one, now))), cancellation);
        var foreign = nobodys.Except(waits).ToList();
        foreach (var one in foreign.Where(one => one.HasWaited))
        {
            context.Fired(SafetyMechanism.EventWaitedOut, one.MessageId);
        }

        var others = known.Where(one => one.Proof is ProofResult.OtherAccount).Select(one => one.Event).ToList();
        foreach (var one in others.Where(one => !WasSaid(one)))
        {
            logger.LogWarning(
                "Event {MessageId} names a mail that did not go through the account that signed it; it changed nothing.",
                one.MessageId
            );
        }

        await WebhookRows.EndedAsync(
            context,
            WebhookState.Ignored,
            [
                .. events
                    .Where(one => one.Happened is null)
                    .Select(one => (one, one.DomainId is null ? WebhookNotes.NotAMail : WebhookNotes.Domain)),
                .. foreign.Select(one => (one, WebhookNotes.NoRecipient)),
                .. others.Except(nobodys).Select(one => (one, WebhookNotes.OtherAccount)),
            ],
            now,
            cancellation
        );
    }

    /// <summary>Half as long again as it has waited, so that a foreign event costs a few looks a day and ours comes soon.</summary>
    private static DateTimeOffset Again(WaitingEvent one, DateTimeOffset now)
    {
        var pause = (now - one.ReceivedAt) / 2;
        var next =
            now
            + (
                pause < ShortestWait ? ShortestWait
                : pause > LongestWait ? LongestWait
                : pause
            );
        var last = one.ReceivedAt + WaitsAtMost;
        return next < last ? next : last;
    }

    // Only in the tenant whose mail it was. The provider's own suppression list is the whole account's, so its refusal
    // never becomes a tenant's.
    private static SuppressionReason? Suppresses(ProviderEvent happened) =>
        happened switch
        {
            { Type: "email.complained" } => SuppressionReason.Complained,
            { Bounce: BounceType.Permanent } => SuppressionReason.Bounced,
            _ => null,
        };

    private static StoryLine Line(Guid id, Known one) =>
        new(
            id,
            Owner(one).Number,
            one.Happened.Type,
            one.Happened.OccurredAt,
            // The provider's words name the address.
            ErasedPeople.IsForm(Owner(one).NormalizedEmail)
                ? null
                : one.Happened.Detail,
            one.Happened.Machine
        );

    /// <summary>
    /// The same for the same event, so that it stands once in the story even when it is brought again after it was forgotten
    /// here.
    /// </summary>
    private static Guid IdOf(WaitingEvent one) =>
        TimedId.Of(one.Happened!.OccurredAt, $"{one.AccountId:N}/{one.MessageId}");
}

/// <summary>Why an event changed nothing, in words that a page shows.</summary>
public static class WebhookNotes
{
    public const string NotAMail = "Not about a mail.";
    public const string Domain = "About a domain: how it stands is asked for, where it is one of ours.";
    public const string NoRecipient = "No recipient of ours.";
    public const string OtherAccount = "The mail went through another account.";
    public const string CannotBeApplied = "It could not be applied.";
    public const string PersonErased = "Whom it was about was erased.";
}
