using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns;

/// <summary>All campaigns of the tenant; the filters stand in the address.</summary>
public sealed partial class CampaignsPage : IDisposable
{
    private const int PageSize = 25;

    /// <summary>In the order in which they need a person.</summary>
    private static readonly CampaignStatus[] Shown =
    [
        CampaignStatus.Partial,
        CampaignStatus.Sending,
        CampaignStatus.Paused,
        CampaignStatus.Draft,
        CampaignStatus.Sent,
        CampaignStatus.Cancelled,
    ];

    private readonly CancellationTokenSource _closed = new();
    private readonly LatestRead _latest = new();
    private CampaignListPage? _page;
    private IReadOnlyDictionary<Guid, LedgerSummary> _ledgers = new Dictionary<Guid, LedgerSummary>();
    private CampaignStatus? _status;
    private string? _failed;

    [Inject]
    public required CampaignList List { get; init; }

    [Inject]
    public required SummarizeLedgers Summarize { get; init; }

    [Inject]
    public required DuplicateCampaign Duplicate { get; init; }

    [Inject]
    public required DeleteDraft Delete { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<CampaignsPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    [SupplyParameterFromQuery(Name = "status")]
    public string? Status { get; set; }

    [SupplyParameterFromQuery(Name = "q")]
    public string? Q { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageQuery { get; set; }

    private int PageNumber => Math.Max(1, PageQuery ?? 1);

    private bool MayEdit => Session.Can(TenantRole.Editor);

    private bool IsFiltered => _status is not null || !string.IsNullOrEmpty(Q);

    private string? Summary => _page is null ? null : Words.Count(_page.Total, "campaign", "campaigns");

    private IReadOnlyList<FilterChip> Chips =>
        string.IsNullOrEmpty(Q) ? [] : [new($"\u201c{Q}\u201d", PortalUrls.Campaigns(Session.Slug, Status))];

    public void Dispose()
    {
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override async Task OnParametersSetAsync()
    {
        _status = Enum.TryParse<CampaignStatus>(Status, ignoreCase: true, out var status) ? status : null;
        await LoadAsync();
    }

    private static string Value(CampaignStatus status) => status.ToString().ToLowerInvariant();

    private string Href(CampaignListItem item) =>
        item.Status == CampaignStatus.Draft && MayEdit
            ? PortalUrls.EditCampaign(Session.Slug, item.Id)
            : PortalUrls.Campaign(Session.Slug, item.Id);

    private async Task LoadAsync()
    {
        var isLatest = _latest.Begin();
        try
        {
            var query = new CampaignListQuery(_status, Q, (PageNumber - 1) * PageSize, PageSize);
            var scope = Session.Caller.Scope;
            var page = await List.ExecuteAsync(scope, query, _closed.Token);
            var ledgers = await Summarize.ExecuteAsync(scope, [.. page.Items.Select(item => item.Id)], _closed.Token);
            if (isLatest())
            {
                (_page, _ledgers, _failed) = (page, ledgers, null);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "The campaigns could not be loaded.");
            _failed = isLatest() ? "The campaigns could not be loaded." : _failed;
        }
    }

    private Task SearchAsync(string text)
    {
        Navigation.NavigateTo(PortalUrls.Campaigns(Session.Slug, Status, text), replace: true);
        return Task.CompletedTask;
    }

    private async Task DuplicateAsync(CampaignListItem item)
    {
        try
        {
            if (await Duplicate.ExecuteAsync(Session.Caller, item.Id, _closed.Token) is { } copy)
            {
                Navigation.NavigateTo(PortalUrls.EditCampaign(Session.Slug, copy));
                return;
            }

            Toasts.Failed($"\u201c{item.Name}\u201d no longer exists.", "Nothing was copied.");
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was copied.");
        }

        await LoadAsync();
    }

    private async Task DeleteAsync(CampaignListItem item)
    {
        if (!await Confirmations.AskAsync(DeletionQuestions.Draft(item.Name, continues: null)))
        {
            return;
        }

        try
        {
            switch (await Delete.ExecuteAsync(Session.Caller, item.Id, _closed.Token))
            {
                case DeleteDraftResult.Deleted:
                    Toasts.Done("The draft was deleted.");
                    break;
                case DeleteDraftResult.NotADraft:
                    Toasts.Failed("It has been launched meanwhile.", "A launched campaign stays; nothing was deleted.");
                    break;
                default:
                    Toasts.Note("It was deleted already.");
                    break;
            }
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was deleted.");
        }

        await LoadAsync();
    }
}
