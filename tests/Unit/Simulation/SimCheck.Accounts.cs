using Ledgerpost.Recipients;
using Ledgerpost.Suppression;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Simulation;

/// <summary>What goes through one provider account has nothing to do with another.</summary>
internal static partial class SimCheck
{
    private static void EachAccountForItself(SimWorld world)
    {
        KeysStayWithTheirAccount(world);
        NothingBeginsAtAnAccountThatWasLeft(world);
        EventsTouchTheirOwnAccount(world);
    }

    /// <summary>An idempotency key means something only where its first request went; and that is the account of its intent.</summary>
    private static void KeysStayWithTheirAccount(SimWorld world)
    {
        foreach (var key in world.Posts.GroupBy(post => post.Key))
        {
            var teams = key.Select(post => post.Team).Distinct().ToList();
            Require(
                teams.Count == 1,
                $"ELSEWHERE: key {key.Key} was sent to {string.Join(" and to ", teams.Select(team => team.Name))}."
            );
        }

        var fingerprints = world.Look(db => db.ProviderAccounts.ToDictionaryAsync(a => a.Id, a => a.KeyFingerprint));
        foreach (var post in world.Posts.Where(post => post.Call is not null && !(post.At <= world.RestoredAt)))
        {
            Require(
                post.Team.HasFingerprint(fingerprints[post.Call!.Account]),
                $"ELSEWHERE: the intent of {post.Key} names account {post.Call.Account}, and it went to {post.Team.Name}."
            );
        }
    }

    private static void NothingBeginsAtAnAccountThatWasLeft(SimWorld world)
    {
        foreach (var post in world.Posts.Where(post => post.First is not null))
        {
            Require(
                !(post.First!.LeftAt < post.IntentBegan),
                $"GONE: {post.Key} began at {post.Team.Name}, which was left at step {post.First.LeftAt}; its intent began at step {post.IntentBegan}."
            );
        }
    }

    private static void EventsTouchTheirOwnAccount(SimWorld world)
    {
        // The provider itself reports no bounce in these worlds.
        var bounced = world.Look(db =>
            db.Recipients.Where(r => r.Bounce != null || r.Delivery == Delivery.Bounced)
                .Select(r => r.Email)
                .FirstOrDefaultAsync()
        );
        Require(
            bounced is null,
            $"FORGED: {bounced} counts as bounced by an event that another account's secret signed."
        );
        var suppressed = world.Look(db =>
            db.SuppressedAddresses.Where(row => row.Reason == SuppressionReason.Bounced)
                .Select(row => row.NormalizedEmail)
                .FirstOrDefaultAsync()
        );
        Require(suppressed is null, $"FORGED: {suppressed} is suppressed for a bounce that was none.");
        if (!world.Plan.OwnAccounts || world.RestoredAt is not null)
        {
            return;
        }

        var calls = world
            .Look(db =>
                db.Attempts.Select(a => new
                    {
                        a.CampaignId,
                        a.AccountId,
                        a.RecipientNumbers,
                    })
                    .Distinct()
                    .ToListAsync()
            )
            .SelectMany(a => NumberRanges.Expand(a.RecipientNumbers).Select(n => (a.CampaignId, n, a.AccountId)))
            .ToHashSet();
        var applied = world.Look(db =>
            db.WebhookMessages.Where(m => m.State == WebhookState.Applied && m.CampaignId != null)
                .Select(m => new
                {
                    m.CampaignId,
                    m.RecipientNumber,
                    m.AccountId,
                    m.MessageId,
                })
                .ToListAsync()
        );
        foreach (var message in applied)
        {
            Require(
                calls.Contains((message.CampaignId!.Value, message.RecipientNumber!.Value, message.AccountId)),
                $"FORGED: event {message.MessageId} of account {message.AccountId} was applied to recipient {message.RecipientNumber} of {message.CampaignId:N}, whom that account never mailed."
            );
        }
    }
}
