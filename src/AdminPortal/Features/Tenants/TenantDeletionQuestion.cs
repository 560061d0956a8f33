using AdminPortal.Components.Shared;
using Ledgerpost.Deletion;

namespace AdminPortal.Features.Tenants;

/// <summary>What is said before an organisation is deleted: what goes, what stays and why.</summary>
public static class TenantDeletionQuestion
{
    public static Confirmation Of(TenantHoldings holdings) =>
        new(
            $"Delete “{holdings.Name}” for good?",
            [
                $"{Words.Count(holdings.Contacts, "contact", "contacts")}, {Words.Count(holdings.Campaigns, "campaign", "campaigns")} with their ledgers, templates, segments, the suppression list and {Words.Count(holdings.Domains, "sending domain", "sending domains")} go. This cannot be undone, and no backup of it is made.",
                holdings.Sending > 0
                    ? $"{Words.Count(holdings.Sending, "campaign is", "campaigns are")} being sent and {(holdings.Sending == 1 ? "stops" : "stop")} at once; calls under way are let finish."
                    : "Nothing more is sent from now on.",
                $"{Words.Count(holdings.Members, "member", "members")} and {Words.Count(holdings.ApiKeys, "API key", "API keys")} are locked out at once. People keep their accounts, which may belong to other organisations too.",
                "The audit log stays, without names, addresses and details, so that it can still be verified. Links to unsubscribe in mails that were sent say that nothing more will come.",
            ],
            "Delete for good",
            Danger: true,
            Type: holdings.Name
        );
}
