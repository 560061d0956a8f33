using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Simulation;

/// <summary>The provider's ledger against ours, when everything is at rest. The first thing that is wrong ends the seed.</summary>
internal static partial class SimCheck
{
    public static void Everything(SimWorld world)
    {
        var mails = SimMails.Of(world);
        var asked = AskedFor(world);
        NobodyTwice(world, mails, asked);
        OneKeyOneRequest(world);
        EveryPostHasItsIntent(world);
        EachAccountForItself(world);
        NobodyAfterTheyLeft(world);
        var campaigns = world.Look(db => db.Campaigns.ToListAsync());
        foreach (var campaign in campaigns.Where(c => c.Status != CampaignStatus.Draft))
        {
            var people = world.Look(db => db.Recipients.Where(r => r.CampaignId == campaign.Id).ToListAsync());
            var chunks = world.Look(db => db.Chunks.Where(c => c.CampaignId == campaign.Id).ToListAsync());
            NobodyLost(
                campaign,
                people,
                mails.Where(mail => mail.Campaign == campaign.Id).ToLookup(mail => mail.Recipient),
                asked,
                world.RestoredAt is not null
            );
            CountsAddUp(world, campaign, people);
            EndState(campaign, people, WaitsForADraft(world, campaign), world.RestoredAt is not null);
            LeftoversHaveTheirReason(world, campaign, people);
            NoChunkInLimbo(campaign, chunks, people, world.RestoredAt is not null);
        }
    }

    /// <summary>In the whole lineage, but for what a person asked for.</summary>
    private static void NobodyTwice(
        SimWorld world,
        List<MailOut> mails,
        Dictionary<(Guid Campaign, int Recipient), int> asked
    )
    {
        var lineages = world.Look(db => db.Campaigns.ToDictionaryAsync(c => c.Id, c => c.LineageId));
        foreach (
            var got in mails.GroupBy(mail =>
                (Lineage: lineages.GetValueOrDefault(mail.Campaign, mail.Campaign), mail.Address)
            )
        )
        {
            var wanted =
                1
                + got.Select(mail => (mail.Campaign, mail.Recipient))
                    .Distinct()
                    .Sum(who => asked.GetValueOrDefault(who));
            Require(
                got.Count() <= wanted,
                $"TWICE: {got.Key.Address} got {got.Count()} mails of campaign {got.Key.Lineage:N}, and {wanted} were wanted: {string.Join("; ", got.Select(mail => $"under {mail.Key} at {mail.Team.Name}, {mail.At - world.Template.Start}"))}"
            );
        }
    }

    private static void OneKeyOneRequest(SimWorld world)
    {
        foreach (var key in world.Posts.GroupBy(post => post.Key))
        {
            Require(
                key.Select(post => post.Hash).Distinct().Count() == 1,
                $"Key {key.Key} went out with different bytes: {string.Join(", ", key.Select(post => post.Hash[..8]).Distinct())}."
            );
        }
    }

    private static void EveryPostHasItsIntent(SimWorld world)
    {
        var written = world.Look(db => db.Attempts.Select(a => new { a.Key, a.PayloadHash }).ToListAsync());
        // What went out before an older database came back has its intents in the newer one.
        var known = world.Posts.Where(post => !(post.At <= world.RestoredAt));
        foreach (var posts in known.GroupBy(post => (post.Key, post.Hash)))
        {
            var intents = written.Count(a => (a.Key, a.PayloadHash) == posts.Key);
            Require(
                intents >= posts.Count(),
                $"{posts.Count()} POSTs under {posts.Key.Key} and {intents} intents for these bytes."
            );
        }
    }

    /// <summary>No first mail whose intent began after somebody's unsubscribing or deletion was committed.</summary>
    private static void NobodyAfterTheyLeft(SimWorld world)
    {
        var people = world
            .Look(db =>
                db.Recipients.Select(r => new
                    {
                        r.CampaignId,
                        r.Number,
                        r.NormalizedEmail,
                    })
                    .ToListAsync()
            )
            .ToDictionary(r => (r.CampaignId, r.Number), r => r.NormalizedEmail);
        // Their address is all that they are about: a contact's deletion is none of theirs.
        var emails = world.Look(db => db.Campaigns.Emails().Select(email => email.Id).ToListAsync());
        foreach (var post in world.Posts.Where(post => post.First is not null))
        {
            var call = post.First!;
            var addresses = NumberRanges
                .Expand(call.Recipients)
                .Select(number => people.GetValueOrDefault((call.Campaign, number)))
                .OfType<string>()
                .ToList();
            var gone = addresses.Find(email =>
                (world.Barred.TryGetValue((call.Tenant, email), out var left) && left < post.IntentBegan)
                || (
                    !emails.Contains(call.Campaign)
                    && post.Deleted.TryGetValue((call.Tenant, email), out var deleted)
                    && deleted < post.IntentBegan
                )
            );
            Require(
                gone is null,
                $"LEFT: {gone} had left and is in the first mail under {post.Key}, whose intent began at step {post.IntentBegan}."
            );
        }
    }

    private static void NobodyLost(
        Campaign campaign,
        List<Recipient> people,
        ILookup<int, MailOut> mailed,
        Dictionary<(Guid Campaign, int Recipient), int> asked,
        bool restored
    )
    {
        foreach (var person in people)
        {
            var mails = mailed[person.Number].ToList();
            var who = $"{person.Email} (recipient {person.Number} of {campaign.Id:N})";
            Require(
                mails.TrueForAll(mail => mail.Address == person.NormalizedEmail),
                $"{who} stands for a mail to somebody else."
            );
            switch (person.State)
            {
                case RecipientState.Accepted:
                    Require(
                        mails.Count > 0 || person.AssumedBy is not null,
                        $"LOST: {who} counts as accepted and the provider has no mail."
                    );
                    Require(
                        person.ProviderEmailId is null || mails.Exists(mail => mail.Id == person.ProviderEmailId),
                        $"{who} has the provider's id of another mail."
                    );
                    break;
                case RecipientState.Unknown:
                    break;
                case RecipientState.Refused or RecipientState.Excluded when restored:
                    // Somebody taken back after the older copy was made; nobody is sent to from here.
                    break;
                default:
                    Require(
                        mails.Count <= asked.GetValueOrDefault((campaign.Id, person.Number)),
                        $"OPEN: {who} is {person.State} ({person.Reason}) and has a mail: somebody would send another."
                    );
                    break;
            }
        }

        Require(
            restored || mailed.All(mails => people.Exists(person => person.Number == mails.Key)),
            $"A mail of {campaign.Id:N} names nobody of its ledger."
        );
    }

    private static void CountsAddUp(SimWorld world, Campaign campaign, List<Recipient> people)
    {
        var counts = world.Look(db =>
            CampaignCounts.ReadAsync(db, campaign.TenantId, campaign.Id, CancellationToken.None)
        );
        Require(
            counts.Recipients == people.Count
                && counts.Recipients
                    == counts.Pending
                        + counts.InDoubt
                        + counts.Accepted
                        + counts.Refused
                        + counts.Excluded
                        + counts.Unknown,
            $"The counts of {campaign.Id:N} do not add up: {counts}."
        );
        Require(
            people.Select(person => person.Number).Order().SequenceEqual(Enumerable.Range(1, people.Count)),
            $"The numbers of {campaign.Id:N} have holes."
        );
    }

    /// <summary>After a restore nobody here launches what may have been launched before: a source waits for its draft then.</summary>
    private static bool WaitsForADraft(SimWorld world, Campaign campaign) =>
        world.RestoredAt is not null
        && campaign.ContinuedById is { } next
        && world.Look(db => db.Campaigns.AnyAsync(c => c.Id == next && c.Status == CampaignStatus.Draft));

    private static void EndState(Campaign campaign, List<Recipient> people, bool waitsForADraft, bool restored)
    {
        bool Any(RecipientState state) => people.Exists(person => person.State == state);

        var what = $"Campaign {campaign.Id:N} ends {campaign.Status} ({campaign.StopReason})";
        Require(!Any(RecipientState.InDoubt), $"{what} with somebody in doubt long after the window.");
        switch (campaign.Status)
        {
            case CampaignStatus.Sent:
                Require(!Any(RecipientState.Pending) && !Any(RecipientState.Unknown), $"{what} with somebody open.");
                break;
            case CampaignStatus.Partial:
                Require(campaign.StopReason is not null, $"{what} without a reason.");
                Require(
                    (Any(RecipientState.Unknown) || waitsForADraft) && !Any(RecipientState.Pending),
                    $"{what} and cannot be finished."
                );
                break;
            case CampaignStatus.Cancelled:
                Require(!Any(RecipientState.Pending), $"{what} with somebody pending.");
                break;
            case CampaignStatus.Scheduled when restored:
                Require(campaign.StopReason is not null, $"{what} without a question, in an older database.");
                Require(people.Count == 0, $"{what} with people in its ledger.");
                break;
            default:
                throw new SimulationException(
                    $"STUCK: {what}: {string.Join(", ", people.GroupBy(p => p.State).Select(g => $"{g.Count()} {g.Key}"))}."
                );
        }
    }

    private static void LeftoversHaveTheirReason(SimWorld world, Campaign campaign, List<Recipient> people)
    {
        var suppressed = world.Look(db =>
            db.SuppressedAddresses.Where(row => row.TenantId == campaign.TenantId)
                .Select(row => row.NormalizedEmail)
                .ToListAsync()
        );
        foreach (var person in people)
        {
            var who = $"{person.Email} (recipient {person.Number} of {campaign.Id:N})";
            var holds = (person.State, person.Reason) switch
            {
                (RecipientState.Excluded, Reasons.Unsubscribed or Reasons.Suppressed) => suppressed.Contains(
                    person.NormalizedEmail
                ),
                (RecipientState.Excluded, Reasons.ContactDeleted) => person.ContactId is null
                    && campaign.Kind == CampaignKind.Composed,
                (RecipientState.Excluded, Reasons.Cancelled) => campaign.Status == CampaignStatus.Cancelled,
                (RecipientState.Excluded, Reasons.AlreadyMailed) => campaign.ContinuesId is not null
                    || campaign.ContinuedById is not null,
                (RecipientState.Excluded, Reasons.MovedToFollowUp) => person.MovedToId is not null,
                (RecipientState.Excluded, _) => false,
                (RecipientState.Refused, _) => Blamed(person),
                _ => true,
            };
            Require(holds, $"{who} is {person.State} for no true reason ({person.Reason}, {person.Detail}).");
        }
    }

    /// <summary>The provider's words about an address are about this one.</summary>
    private static bool Blamed(Recipient person) =>
        person.Detail is { } words
        && (
            !words.Contains("example.com", StringComparison.Ordinal)
            || person.NormalizedEmail.EndsWith("@example.com", StringComparison.Ordinal)
        );

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new SimulationException(otherwise);
        }
    }
}
