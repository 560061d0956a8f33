using System.Collections.Frozen;

namespace Ledgerpost.Audit;

/// <summary>
/// What an action is called in a sentence: "Ada launched the campaign Spring." A test fails when an action is written that
/// has no sentence here.
/// </summary>
public static class AuditSentences
{
    /// <summary>Where the target's name goes.</summary>
    private const string Target = "{}";

    private static readonly FrozenDictionary<string, string> Verbs = new Dictionary<string, string>(
        StringComparer.Ordinal
    )
    {
        ["installation.released"] = "let {} send again",
        ["tenant.created"] = "created the organisation {}",
        ["tenant.changed"] = "changed the settings of {}",
        ["tenant.deletion_begun"] = "began to delete the organisation {}",
        ["tenant.deleted"] = "deleted the organisation {} and all that it had",
        ["tenant.seeded"] = "filled {} with demo data",
        ["member.added"] = "added {} as a member",
        ["member.invited"] = "invited {}",
        ["member.invitation_renewed"] = "made a new link for the invitation of {}",
        ["member.invitation_withdrawn"] = "withdrew the invitation of {}",
        ["member.joined"] = "accepted the invitation of {} and joined",
        ["member.link_renewed"] = "made a new set-up link for {}",
        ["member.role_changed"] = "changed the role of {}",
        ["member.removed"] = "removed {} from the members",
        ["operator.created"] = "made {} the operator of this installation",
        ["operator.added"] = "made an operator's account for {}",
        ["operator.removed"] = "took the operator's rights from {}",
        ["operator_key.created"] = "made the operator's key {}",
        ["operator_key.revoked"] = "revoked the operator's key {}",
        ["api_key.created"] = "made the API key {}",
        ["api_key.revoked"] = "revoked the API key {}",
        ["api_key.used"] = "used the API key {}",
        ["api_key.refused"] = "showed the revoked API key {}",
        ["operator_key.used"] = "used the operator's key {}",
        ["operator_key.refused"] = "showed the revoked operator's key {}",
        ["command.denied"] = "was refused the command {}",
        ["request.denied"] = "was refused the request {}",
        ["audit.exported"] = "exported {}",
        ["contacts.exported"] = "exported {}",
        ["contacts.rejected_exported"] = "downloaded the rejected lines of {}",
        ["account.set_up"] = "set up the account {}",
        ["account.signed_in"] = "signed in as {}",
        ["account.sign_in_failed"] = "failed to sign in as {}",
        ["account.locked_out"] = "typed a wrong password too often; {} is locked for a while",
        ["account.signed_out"] = "signed out as {}",
        ["account.session_revoked"] = "signed another session of {} out",
        ["account.sessions_revoked"] = "signed all other sessions of {} out",
        ["account.authenticator_enabled"] = "set up an authenticator for {}",
        ["account.authenticator_disabled"] = "took the authenticator of {} away",
        ["account.recovery_codes_renewed"] = "made new recovery codes for {}",
        ["account.recovery_code_used"] = "used a recovery code of {}",
        ["account.reset_mailed"] = "asked for another password of {}",
        ["account.password_reset"] = "chose another password of {} with a mailed link",
        ["account.password_changed"] = "changed the password of {}",
        ["account.passkey_added"] = "added a passkey to {}",
        ["account.passkey_renamed"] = "renamed a passkey of {}",
        ["account.passkey_removed"] = "took a passkey of {} away",
        ["member.left"] = "left; {} is no member any more",
        ["contact.added"] = "added the contact {}",
        ["contact.changed"] = "changed the contact {}",
        ["contact.deleted"] = "deleted the contact {}",
        ["contact.unsubscribed"] = "unsubscribed {}",
        ["contacts.deleted"] = "deleted {}",
        ["contacts.import_started"] = "began to import contacts from {}",
        ["contacts.imported"] = "imported contacts from {}",
        ["contacts.import_failed"] = "could not finish the import of {}",
        ["contacts.tagged"] = "put the tag {} on contacts",
        ["contacts.untagged"] = "took the tag {} off contacts",
        ["event.replayed"] = "asked for the provider's event {} to be looked at again",
        ["person.exported"] = "exported everything about {}",
        ["person.erased"] = "erased {}",
        ["person.restored"] = "brought {} back out of a backup; they were erased since and have to be erased once more",
        ["segment.created"] = "created the segment {}",
        ["segment.changed"] = "changed the segment {}",
        ["segment.contacts_added"] = "put contacts into the segment {}",
        ["segment.contacts_removed"] = "took contacts out of the segment {}",
        ["segment.deleted"] = "deleted the segment {}",
        ["template.created"] = "created the template {}",
        ["template.changed"] = "changed the template {}",
        ["template.deleted"] = "deleted the template {}",
        ["webhook_endpoint.created"] = "made the webhook endpoint {}",
        ["webhook_endpoint.changed"] = "changed the webhook endpoint {}",
        ["webhook_endpoint.deleted"] = "deleted the webhook endpoint {}",
        ["webhook_endpoint.secret_renewed"] = "made a new secret for the webhook endpoint {}",
        ["webhook_endpoint.tested"] = "sent a test event to {}",
        ["webhook_endpoint.disabled"] = "disabled the webhook endpoint {}",
        ["webhook_delivery.replayed"] = "sent an event to {} again",
        ["suppression.added"] = "put {} on the suppression list",
        ["suppression.removed"] = "took {} off the suppression list",
        ["provider_key.set"] = "gave {} a key of the organisation's own",
        ["provider_key.replaced"] = "replaced the organisation's own key for {}",
        ["provider_key.removed"] = "took the organisation's own key for {} away",
        ["webhook_secret.added"] = "added a webhook secret of {}",
        ["webhook_secret.removed"] = "removed a webhook secret of {}",
        ["domain.moved"] = "moved the sending domain {} to another account at the provider",
        ["domain.added"] = "added the sending domain {}",
        ["domain.refused"] = "was refused the sending domain {}",
        ["domain.removed"] = "removed the sending domain {}",
        ["domain.status_changed"] = "noted a new status of the domain {}",
        ["sender.added"] = "added the sender {}",
        ["sender.changed"] = "changed the sender {}",
        ["sender.removed"] = "removed the sender {}",
        ["campaign.tested"] = "sent a test mail of the campaign {}",
        ["campaign.created"] = "began the campaign {}",
        ["campaign.edited"] = "edited the campaign {}",
        ["campaign.deleted"] = "deleted the draft {}",
        ["campaign.launched"] = "launched the campaign {}",
        ["campaign.scheduled"] = "scheduled the campaign {}",
        ["campaign.rescheduled"] = "chose another time for the campaign {}",
        ["campaign.unscheduled"] = "made the scheduled campaign {} a draft again",
        ["campaign.not_launched"] = "did not launch the scheduled campaign {} and asks",
        ["campaign.paused"] = "paused the campaign {}",
        ["campaign.continued"] = "continued the campaign {}",
        ["campaign.cancelled"] = "cancelled the campaign {}",
        ["campaign.continued_by"] = "continued the campaign {} in a new one",
        ["campaign.treated_as_sent"] = "decided that mails of unknown fate count as sent in the campaign {}",
        ["campaign.sent_again"] = "decided that mails of unknown fate are sent again in the campaign {}",
        ["campaign.resumed"] = "resumed the campaign {}",
        ["campaign.stopped"] = "stopped the campaign {}",
        ["campaign.sent"] = "finished the campaign {}",
        ["mail.posted"] = "posted the mail {}",
        ["mail.stopped"] = "stopped the mail {}",
        ["mail.resumed"] = "resumed the mail {}",
        ["mail.paused"] = "paused the mail {}",
        ["mail.continued"] = "continued the mail {}",
        ["mail.cancelled"] = "cancelled the mail {}",
        ["mail.treated_as_sent"] = "decided that the mail {}, whose fate is unknown, counts as sent",
        ["mail.sent_again"] = "decided that the mail {}, whose fate is unknown, is sent again",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Every action that has a sentence, in alphabetical order.</summary>
    public static IReadOnlyList<string> Actions { get; } = [.. Verbs.Keys.Order(StringComparer.Ordinal)];

    public static bool Knows(string action) => Verbs.ContainsKey(action);

    /// <summary>The words between the actor's name and the target's, and those after the target's.</summary>
    /// <remarks>An action without a sentence reads as its code, so that nothing disappears from the log.</remarks>
    public static AuditPhrase Phrase(AuditEntry entry)
    {
        var verb = Verbs.GetValueOrDefault(entry.Action, $"did \u201c{entry.Action}\u201d to {Target}");
        var at = verb.IndexOf(Target, StringComparison.Ordinal);
        return new AuditPhrase(verb[..at].Trim(), verb[(at + Target.Length)..].TrimEnd());
    }

    /// <summary>An action by itself, for a list to choose from: "launched a campaign" reads as "Campaign: launched".</summary>
    public static string Label(string action)
    {
        var (kind, verb) = action.Split('.', 2) is [var first, var second] ? (first, second) : (action, "");
        var shown = $"{char.ToUpperInvariant(kind[0])}{kind[1..]}";
        return verb.Length == 0 ? shown : $"{shown}: {verb.Replace('_', ' ')}";
    }
}

/// <param name="Before">Between the actor and the target: "launched the campaign".</param>
/// <param name="After">After the target; mostly empty.</param>
public sealed record AuditPhrase(string Before, string After);
