using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Segments;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Contacts;

/// <summary>The tenant's contacts; filters, page and the open contact stand in the address.</summary>
public sealed partial class ContactsPage : IDisposable
{
    private const int PageSize = 50;

    private static readonly (string Value, string Word)[] Sorts =
    [
        ("", "Newest first"),
        ("oldest", "Oldest first"),
        ("address", "By address"),
        ("addressdescending", "By address, Z to A"),
    ];

    private readonly CancellationTokenSource _closed = new();
    private readonly LatestRead _latest = new();
    private readonly HashSet<Guid> _ticked = [];
    private IReadOnlyList<TagCount> _tags = [];
    private ContactPage? _page;
    private ContactFilter? _shown;
    private ContactRow? _contact;
    private Guid? _open;
    private string? _failed;
    private bool _adding;
    private bool _missing;
    private bool _all;

    [Inject]
    public required ContactList List { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<ContactsPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    [SupplyParameterFromQuery(Name = "q")]
    public string? Q { get; set; }

    [SupplyParameterFromQuery(Name = "tag")]
    public string? Tag { get; set; }

    [SupplyParameterFromQuery(Name = "status")]
    public string? Status { get; set; }

    [SupplyParameterFromQuery(Name = "segment")]
    public string? Segment { get; set; }

    [SupplyParameterFromQuery(Name = "sort")]
    public string? Sort { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageQuery { get; set; }

    /// <summary>The open contact's id, or <c>new</c>.</summary>
    [SupplyParameterFromQuery(Name = "contact")]
    public string? Contact { get; set; }

    private int PageNumber => Math.Max(1, PageQuery ?? 1);

    private bool MayEdit => Session.Can(TenantRole.Editor);

    private Guid? SegmentId => Guid.TryParse(Segment, out var id) ? id : null;

    private ContactFilter Filter =>
        new(
            string.IsNullOrWhiteSpace(Q) ? null : Q,
            string.IsNullOrEmpty(Tag) ? null : Tag,
            Status switch
            {
                "subscribed" => true,
                "unsubscribed" => false,
                _ => null,
            },
            SegmentId
        );

    private string? Summary => _page is null ? null : Words.Count(_page.Total, "contact", "contacts");

    private bool WholePage =>
        _page is { Rows.Count: > 0 } page && page.Rows.All(row => _all || _ticked.Contains(row.Id));

    private IReadOnlyList<FilterChip> Chips
    {
        get
        {
            var slug = Session.Slug;
            var chips = new List<FilterChip>();
            if (Filter.Search is { } words)
            {
                chips.Add(
                    new($"“{words}”", PortalUrls.Contacts(slug, null, Tag, Status, segment: SegmentId, sort: Sort))
                );
            }

            if (Filter.Tag is { } tag)
            {
                chips.Add(
                    new($"Tag: {tag}", PortalUrls.Contacts(slug, Q, null, Status, segment: SegmentId, sort: Sort))
                );
            }

            if (Filter.Subscribed is { } subscribed)
            {
                chips.Add(
                    new(
                        subscribed ? "Subscribed" : "Not mailed",
                        PortalUrls.Contacts(slug, Q, Tag, segment: SegmentId, sort: Sort)
                    )
                );
            }

            if (SegmentId is not null)
            {
                chips.Add(new("In a segment", PortalUrls.Contacts(slug, Q, Tag, Status, sort: Sort)));
            }

            return chips;
        }
    }

    public void Dispose()
    {
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override async Task OnParametersSetAsync()
    {
        if (_shown != Filter)
        {
            Clear();
        }

        await LoadAsync();
    }

    private async Task LoadAsync()
    {
        var isLatest = _latest.Begin();
        try
        {
            var caller = Session.Caller;
            var sort = Enum.TryParse<ContactSort>(Sort, ignoreCase: true, out var named) ? named : ContactSort.Newest;
            var page = await List.ExecuteAsync(
                caller,
                Filter,
                sort,
                (PageNumber - 1) * PageSize,
                PageSize,
                _closed.Token
            );
            var tags = await List.TagsAsync(caller, _closed.Token);
            Guid? open = Guid.TryParse(Contact, out var id) ? id : null;
            var contact = open is null ? null : await List.FindAsync(caller, id, _closed.Token);
            if (!isLatest())
            {
                return;
            }

            (_tags, _open, _adding) = (tags, open, Contact == "new" && MayEdit);
            // An open form stays when its contact was deleted: it holds what was typed.
            _contact = contact ?? (_contact?.Id == _open ? _contact : null);
            _missing = _open is not null && contact is null;
            (_page, _shown, _failed) = (page, Filter, null);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "The contacts could not be loaded");
            _failed = isLatest() ? "The contacts could not be loaded." : _failed;
        }
    }

    private string Href(int page, Guid? contact = null) =>
        PortalUrls.Contacts(Session.Slug, Q, Tag, Status, page, contact, SegmentId, Sort);

    private Task SearchAsync(string text)
    {
        Navigation.NavigateTo(
            PortalUrls.Contacts(Session.Slug, text, Tag, Status, segment: SegmentId, sort: Sort),
            replace: true
        );
        return Task.CompletedTask;
    }

    // Null leaves a filter as it is, empty takes it away.
    private void GoAsync(string? tag = null, string? status = null, string? sort = null) =>
        Navigation.NavigateTo(
            PortalUrls.Contacts(Session.Slug, Q, tag ?? Tag, status ?? Status, segment: SegmentId, sort: sort ?? Sort)
        );

    private void Tick(Guid id)
    {
        if (_all)
        {
            // From "all that match" back to this page, without the one.
            _all = false;
            _ticked.UnionWith(_page!.Rows.Select(row => row.Id));
        }

        if (!_ticked.Remove(id))
        {
            _ticked.Add(id);
        }
    }

    private void TickPage()
    {
        var whole = WholePage;
        Clear();
        if (!whole)
        {
            _ticked.UnionWith(_page!.Rows.Select(row => row.Id));
        }
    }

    private void Clear()
    {
        _ticked.Clear();
        _all = false;
    }

    private async Task DoneAsync()
    {
        Clear();
        await LoadAsync();
    }

    private void SavedAsync(Guid contactId)
    {
        Toasts.Done(_adding ? "The contact was added." : "The contact was saved.");
        Navigation.NavigateTo(Href(PageNumber));
    }
}
