using AdminPortal.Components.Shared;
using Ledgerpost.Audit;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Audit;

/// <param name="People">Who can be chosen in the filter, beside whoever stands in the list: value and label.</param>
public sealed record AuditShown(Ledgerpost.Audit.AuditPage Page, IReadOnlyList<(string Value, string Label)> People);

/// <summary>A log with its filters, its files and the button that verifies it; whose log it is, the page says.</summary>
public sealed partial class AuditView
{
    private readonly LatestRead _latest = new();
    private AuditFilter _filter = new();
    private Ledgerpost.Audit.AuditPage? _page;
    private IReadOnlyList<(string Value, string Label)> _people = [];
    private string? _loaded;
    private string? _failed;

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required ILogger<AuditView> Logger { get; init; }

    /// <summary>Null for the installation's own log.</summary>
    [Parameter, EditorRequired]
    public required string? Slug { get; set; }

    /// <summary>A day in the filter is a day there.</summary>
    [Parameter]
    public TimeZoneInfo? Zone { get; set; }

    /// <summary>What can be chosen in the filter; what is done to one kind of thing stands together.</summary>
    [Parameter, EditorRequired]
    public required IReadOnlyList<string> Actions { get; set; }

    /// <summary>Reads a page: what the filters find, before an entry's number.</summary>
    [Parameter, EditorRequired]
    public required Func<AuditFilter, long?, Task<AuditShown>> Source { get; set; }

    [Parameter, EditorRequired]
    public required Func<CancellationToken, Task<AuditAnchor?>> Anchor { get; set; }

    [Parameter, EditorRequired]
    public required Func<CancellationToken, Task<AuditVerdict>> Verify { get; set; }

    [Parameter, EditorRequired]
    public required RenderFragment ChildContent { get; set; }

    [SupplyParameterFromQuery]
    public string? Actor { get; set; }

    [SupplyParameterFromQuery]
    public string? Action { get; set; }

    [SupplyParameterFromQuery]
    public string? Target { get; set; }

    [SupplyParameterFromQuery]
    public string? From { get; set; }

    [SupplyParameterFromQuery]
    public string? To { get; set; }

    [SupplyParameterFromQuery]
    public long? Before { get; set; }

    private AuditAddress Address => new(Slug, Actor, Action, Target, From, To, Before);

    private IEnumerable<IGrouping<string, string>> ActionsByKind =>
        Actions.GroupBy(action => action.Split('.')[0], StringComparer.Ordinal);

    private IReadOnlyList<FilterChip> Chips =>
        [.. Address.Chips(NameOf).Select(chip => new FilterChip(chip.Label, chip.Without))];

    protected override async Task OnParametersSetAsync()
    {
        // A cascaded session that is renewed sets the parameters again; only a new address is a new question.
        if (_loaded != Address.Href)
        {
            _loaded = Address.Href;
            await LoadAsync();
        }
    }

    private async Task LoadAsync()
    {
        var isLatest = _latest.Begin();
        _failed = null;
        _page = null;
        _filter = Address.Filter(Zone ?? TimeZoneInfo.Utc);
        try
        {
            var shown = await Source(_filter, Before);
            if (isLatest())
            {
                (_page, _people) = shown;
            }
        }
        catch (AccessDeniedException denied)
        {
            _failed = isLatest() ? denied.Message : _failed;
        }
        catch (Exception exception)
        {
            Logger.LogError(exception, "The audit log could not be read.");
            _failed = isLatest() ? "The audit log could not be read." : _failed;
        }
    }

    private void Go(AuditAddress address) => Navigation.NavigateTo(address.Href);

    private void SearchAsync(string text) => Go(Address.Newest with { Target = text });

    private string NameOf(string actor) =>
        _people.FirstOrDefault(known => known.Value.Equals(actor, StringComparison.OrdinalIgnoreCase)).Label
        ?? _page?.Entries.FirstOrDefault(entry => entry.ActorId?.ToString() == actor)?.ActorName
        ?? "somebody";

    private static string? Text(ChangeEventArgs change) => change.Value as string;
}
