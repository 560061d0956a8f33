using Ledgerpost.Audit;
using Ledgerpost.Contacts;

namespace Ledgerpost.Campaigns;

/// <summary>What a person composes; kept exactly as typed, also while it is not yet fit to be sent.</summary>
/// <param name="ContinuesId">
/// Of a follow-up: its people stand in its ledger since it was made, so its audience is not chosen.
/// </param>
/// <param name="Text">The plain-text part; null or blank: it is made from the HTML.</param>
/// <param name="LeavesOut">Campaigns whose recipients are left out, as <see cref="LeftOutCampaigns"/> writes them.</param>
public sealed record DraftContent(
    string Name,
    Guid? SenderId,
    string Subject,
    string Html,
    AudienceKind AudienceKind,
    string? AudienceTag,
    Guid? AudienceSegmentId,
    Guid? ContinuesId = null,
    string? Text = null,
    string? LeavesOut = null
)
{
    public const int MaxNameLength = 200;
    public const int MaxSubjectLength = 500;

    /// <summary>Characters; more than can be sent, so that a paste that is too large is kept while it is cut down.</summary>
    public const int MaxHtmlLength = 500_000;

    /// <summary>Nothing is written or chosen; it has no name yet.</summary>
    public static DraftContent Empty { get; } = new("", null, "", "", AudienceKind.All, null, null);

    public static DraftContent Of(Campaign campaign) =>
        new(
            campaign.Name,
            campaign.SenderId,
            campaign.Subject,
            campaign.Html,
            campaign.AudienceKind,
            campaign.AudienceTag,
            campaign.AudienceSegmentId,
            campaign.ContinuesId,
            campaign.Text,
            campaign.LeavesOut
        );

    private string? OwnText => string.IsNullOrWhiteSpace(Text) ? null : Text;

    /// <summary>What cannot be kept at all, by field; empty when everything can.</summary>
    public IReadOnlyList<FieldError> Problems()
    {
        var problems = new List<FieldError>();
        if (string.IsNullOrWhiteSpace(Name))
        {
            problems.Add(new("name", "The campaign needs a name; only your team sees it."));
        }

        Limit("name", "The name", Name, MaxNameLength);
        Limit("subject", "The subject", Subject, MaxSubjectLength);
        Limit("html", "The content", Html, MaxHtmlLength);
        Limit("text", "The plain text", Text ?? "", MaxHtmlLength);
        return problems;

        void Limit(string field, string what, string text, int max)
        {
            if (text.Length > max)
            {
                problems.Add(new(field, $"{what} has {text.Length:N0} characters; {max:N0} can be kept."));
            }
            else if (PlainText.CannotBeKept(text) is { } reason)
            {
                problems.Add(new(field, reason));
            }
        }
    }

    public void ApplyTo(Campaign campaign)
    {
        campaign.Name = Name.Trim();
        campaign.SenderId = SenderId;
        campaign.Subject = Subject;
        campaign.Html = Html;
        campaign.Text = OwnText;
        if (campaign.ContinuesId is not null)
        {
            return;
        }

        campaign.AudienceKind = AudienceKind;
        campaign.AudienceTag = AudienceKind == AudienceKind.Tag ? AudienceTag : null;
        campaign.AudienceSegmentId = AudienceKind == AudienceKind.Segment ? AudienceSegmentId : null;
        campaign.LeavesOut = LeavesOut;
    }

    /// <summary>For the audit log.</summary>
    internal object DifferenceFrom(DraftContent before) =>
        FieldDifference.Of(
            ChangedFrom(before).Select(field => new ChangedField(field, before.Logged(field), Logged(field)))
        );

    private string? Logged(string field) =>
        field switch
        {
            "name" => Name.Trim(),
            "sender" => SenderId?.ToString(),
            "subject" => Subject,
            "html" => Html,
            "text" => OwnText,
            _ => string.Join(
                ", ",
                new[]
                {
                    AudienceKind.ToString(),
                    AudienceKind == AudienceKind.Tag ? AudienceTag : null,
                    AudienceKind == AudienceKind.Segment ? AudienceSegmentId?.ToString() : null,
                    LeavesOut is null ? null : $"without {LeavesOut}",
                }.Where(part => part is not null)
            ),
        };

    /// <summary>The fields in which the two differ, as the audit log names them.</summary>
    public IReadOnlyList<string> ChangedFrom(DraftContent before)
    {
        var changed = new List<string>();
        Compare("name", Name.Trim() == before.Name);
        Compare("sender", SenderId == before.SenderId);
        Compare("subject", Subject == before.Subject);
        Compare("html", Html == before.Html);
        Compare("text", OwnText == before.OwnText);
        Compare(
            "audience",
            before.ContinuesId is not null
                || (
                    AudienceKind == before.AudienceKind
                    && (AudienceKind != AudienceKind.Tag || AudienceTag == before.AudienceTag)
                    && (AudienceKind != AudienceKind.Segment || AudienceSegmentId == before.AudienceSegmentId)
                    && LeavesOut == before.LeavesOut
                )
        );
        return changed;

        void Compare(string field, bool same)
        {
            if (!same)
            {
                changed.Add(field);
            }
        }
    }
}
