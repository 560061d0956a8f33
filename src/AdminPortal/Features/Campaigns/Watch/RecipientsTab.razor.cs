using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Recipients;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns.Watch;

/// <summary>The ledger, a page at a time; read again when <see cref="Tick"/> moves.</summary>
public sealed partial class RecipientsTab : IDisposable
{
    public const int PageSize = 50;

    private readonly CancellationTokenSource _closed = new();
    private readonly LatestRead _latest = new();
    private RecipientListPage? _page;
    private (Guid, LedgerFilter?, string?, int, int)? _read;
    private string? _failed;

    [Inject]
    public required RecipientList List { get; init; }

    [Inject]
    public required ILogger<RecipientsTab> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter, EditorRequired]
    public required Guid CampaignId { get; set; }

    [Parameter]
    public LedgerFilter? Filter { get; set; }

    [Parameter]
    public string? Q { get; set; }

    [Parameter]
    public int PageNumber { get; set; } = 1;

    /// <summary>The recipient whose panel is open.</summary>
    [Parameter]
    public int? Open { get; set; }

    [Parameter]
    public int Tick { get; set; }

    [Parameter, EditorRequired]
    public required Func<int, string> RecipientHref { get; set; }

    [Parameter, EditorRequired]
    public required Func<int, string> PageHref { get; set; }

    [Parameter, EditorRequired]
    public required string ClearHref { get; set; }

    [Parameter]
    public EventCallback<string> OnSearch { get; set; }

    [Parameter]
    public EventCallback<string?> OnFilter { get; set; }

    private string? Summary => _page is null ? null : Words.Count(_page.Total, "recipient", "recipients");

    private IReadOnlyList<FilterChip> Chips => Filter is null ? [] : [new(Filter.Label, ClearHref)];

    public void Dispose()
    {
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override async Task OnParametersSetAsync()
    {
        var wanted = (CampaignId, Filter, Q, PageNumber, Tick);
        if (_read != wanted)
        {
            _read = wanted;
            await LoadAsync();
        }
    }

    private static string? Name(RecipientListItem item) =>
        $"{item.FirstName} {item.LastName}".Trim() is { Length: > 0 } name ? name : null;

    private async Task LoadAsync()
    {
        var isLatest = _latest.Begin();
        try
        {
            var query = new RecipientListQuery(
                Filter?.State,
                null,
                Filter?.Delivery,
                Q,
                (PageNumber - 1) * PageSize,
                PageSize
            );
            var page = await List.ExecuteAsync(Session.Caller.Scope, CampaignId, query, _closed.Token);
            if (isLatest())
            {
                (_page, _failed) = (page, null);
            }
        }
        catch (OperationCanceledException)
        {
            // The page was closed meanwhile.
        }
        catch (Exception failure)
        {
            Logger.LogError(failure, "The recipients could not be loaded.");
            _failed = isLatest() ? "The recipients could not be loaded." : _failed;
        }
    }
}
