namespace Ledgerpost.Campaigns;

/// <summary>Which of the two a query, or the audit log, means.</summary>
public static class CampaignKinds
{
    /// <summary>What people and programs call campaigns.</summary>
    public static IQueryable<Campaign> Composed(this IQueryable<Campaign> campaigns) =>
        campaigns.Where(campaign => campaign.Kind == CampaignKind.Composed);

    /// <summary>Transactional mails.</summary>
    public static IQueryable<Campaign> Emails(this IQueryable<Campaign> campaigns) =>
        campaigns.Where(campaign => campaign.Kind == CampaignKind.Email);

    /// <summary>What the audit log calls its kind of target.</summary>
    public static string AuditedAs(this CampaignKind kind) => kind == CampaignKind.Email ? "mail" : "campaign";

    /// <param name="action">Of a campaign, as <c>campaign.resumed</c>; the same of a mail is <c>mail.resumed</c>.</param>
    public static string Audited(this CampaignKind kind, string action) =>
        kind.AuditedAs() + action[action.IndexOf('.', StringComparison.Ordinal)..];
}
