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
        _view = await Open.ExecuteAsync(Session.Caller.Scope, Id, Closed);
        await ReadAsync();
        _missing = _view is null;
    }

    private static string? Is(bool current) => current ? "page" : null;

    protected override async Task ReadAsync()
    {
        var scope = Session.Caller.Scope;
        var before = _snapshot;
        _snapshot = await Progress.ExecuteAsync(scope, Id, Closed);
        if (_snapshot is null)
        {
            return;
        }

        if (
            _view is not null
            && before?.Campaign.Status is CampaignStatus.Draft or CampaignStatus.Scheduled or CampaignStatus.Partial
        )
        {
            _view = await Open.ExecuteAsync(scope, Id, Closed);
        }

        CountAgain();
        Tick++;
        Announce(before, _snapshot);
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
