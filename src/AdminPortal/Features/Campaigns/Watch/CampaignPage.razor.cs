using AdminPortal.Components.Shared;
using Ledgerpost.Campaigns;
using Ledgerpost.Sending;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>
/// The heart: where a campaign stands, in one snapshot that is read again whenever the engine says that something changed.
/// Tab, filter, search, page and panel stand in the address; what the buttons do is in CampaignPage.Actions.cs.
/// </summary>
public sealed partial class CampaignPage
{
    private CampaignView? _view;
    private ProgressSnapshot? _snapshot;
    private ResumePreviewResult? _resume;
    private bool _missing;
    private string? _announcement;

    [Inject]
    public required OpenCampaign Open { get; init; }

    [Inject]
    public required CampaignProgress Progress { get; init; }

    [Inject]
    public required ResumePreview ResumePreview { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [SupplyParameterFromQuery(Name = "tab")]
    public string? TabQuery { get; set; }

    [SupplyParameterFromQuery(Name = "state")]
    public string? State { get; set; }

    [SupplyParameterFromQuery(Name = "q")]
    public string? Q { get; set; }

    [SupplyParameterFromQuery(Name = "recipient")]
    public int? Recipient { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageQuery { get; set; }

    private string? Tab => TabQuery is "activity" or "content" or "text" ? TabQuery : null;

    private LedgerFilter? Filter => LedgerFilter.Parse(State);

    private int PageNumber => Math.Max(1, PageQuery ?? 1);

    private IReadOnlyList<Crumb> Crumbs => [new("Campaigns", PortalUrls.Campaigns(Session.Slug))];

    protected override CampaignStatus Status => _snapshot!.Campaign.Status;

    protected override async Task OpenAsync()
    {
        (_view, _snapshot, _resume, _announcement, _missing) = (null, null, null, null, false);
        var id = Id;
        var view = await Open.ExecuteAsync(Session.Caller.Scope, id, Closed);
        if (id == Id)
        {
            (_view, _missing) = (view, view is null);
            await ReadAsync();
        }
    }

    private static string? Is(bool current) => current ? "page" : null;

    protected override async Task ReadAsync()
    {
        var (scope, id, before) = (Session.Caller.Scope, Id, _snapshot);
        var snapshot = await Progress.ExecuteAsync(scope, id, Closed);
        if (id != Id)
        {
            return;
        }

        _snapshot = snapshot;
        if (snapshot is null)
        {
            return;
        }

        if (
            _view is not null
            && before?.Campaign.Status is CampaignStatus.Draft or CampaignStatus.Scheduled or CampaignStatus.Partial
        )
        {
            var view = await Open.ExecuteAsync(scope, id, Closed);
            if (id != Id)
            {
                return;
            }

            _view = view;
        }

        CountAgain();
        Tick++;
        Announce(before, snapshot);
    }

    /// <summary>For those who hear the page: each change of status, and each tenth of the way.</summary>
    private void Announce(ProgressSnapshot? before, ProgressSnapshot now)
    {
        if (before is null)
        {
            return;
        }

        if (before.Campaign.Status != now.Campaign.Status)
        {
            _announcement = $"The campaign is now {CampaignWords.Of(now.Campaign.Status).Word.ToLowerInvariant()}.";
        }
        else if (Tenth(before) != Tenth(now))
        {
            _announcement = $"{Words.Count(now.Counts.Accepted)} of {Words.Count(now.Counts.Recipients)} accepted.";
        }

        static int Tenth(ProgressSnapshot snapshot) =>
            snapshot.Counts.Recipients == 0 ? 0 : (int)(snapshot.Counts.Accepted * 10L / snapshot.Counts.Recipients);
    }

    private string Here(string? tab, string? state = null, string? q = null, int? recipient = null, int page = 1) =>
        PortalUrls.Campaign(Session.Slug, Id, tab, state, q, recipient, page);

    private string TabHref(string? tab) => Here(tab);

    private string FilterHref(string? filter) => Here(null, filter, Q);

    private string RecipientHref(int number) => Here(null, State, Q, number, PageNumber);

    private string PersonHref(int number) => Here(Tab, recipient: number);

    private Task SearchAsync(string text)
    {
        Navigation.NavigateTo(Here(null, State, text), replace: true);
        return Task.CompletedTask;
    }

    private Task ChooseAsync(string? filter)
    {
        Navigation.NavigateTo(Here(null, filter, Q));
        return Task.CompletedTask;
    }
}
