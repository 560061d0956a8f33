using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Segments;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Segments;

/// <summary>The tenant's segments; which one is open stands in the address.</summary>
public sealed partial class SegmentsPage : IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private IReadOnlyList<SegmentRow>? _segments;
    private IReadOnlyList<TagCount> _tags = [];
    private SegmentRow? _open;
    private string? _failed;
    private bool _adding;

    [Inject]
    public required SegmentList List { get; init; }

    [Inject]
    public required ContactList Contacts { get; init; }

    [Inject]
    public required DeleteSegment Delete { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<SegmentsPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    /// <summary>The open segment's id, or <c>new</c>.</summary>
    [SupplyParameterFromQuery(Name = "segment")]
    public string? Segment { get; set; }

    private bool MayEdit => Session.Can(TenantRole.Editor);

    public void Dispose()
    {
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override async Task OnParametersSetAsync()
    {
        if (_segments is null || _failed is not null)
        {
            await LoadAsync();
        }

        Open();
    }

    private void Open()
    {
        _adding = Segment == "new" && MayEdit;
        _open = Guid.TryParse(Segment, out var id) ? _segments?.FirstOrDefault(row => row.Id == id) : null;
    }

    private async Task LoadAsync()
    {
        try
        {
            _tags = await Contacts.TagsAsync(Session.Caller, _closed.Token);
            _segments = await List.ExecuteAsync(Session.Caller, _closed.Token);
            _failed = null;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "The segments could not be loaded");
            _failed = "The segments could not be loaded.";
        }
    }

    private async Task Saved()
    {
        Toasts.Done(_adding ? "The segment was created." : "The segment was saved.");
        await LoadAsync();
        Navigation.NavigateTo(PortalUrls.Segments(Session.Slug));
    }

    private async Task DeleteAsync(SegmentRow row)
    {
        if (!await Confirmations.AskAsync(DeletionQuestions.Segment(row.Name)))
        {
            return;
        }

        try
        {
            switch (await Delete.ExecuteAsync(Session.Caller, row.Id))
            {
                case SegmentOutcome.InUse used:
                    Toasts.Failed(
                        $"“{used.Campaigns[0]}” is to be sent to this segment.",
                        "Nothing was deleted. Choose another audience there first."
                    );
                    return;
                case SegmentOutcome.Deleted:
                    Toasts.Done($"“{row.Name}” was deleted.");
                    break;
                default:
                    Toasts.Note("It was deleted already.");
                    break;
            }
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }

        await LoadAsync();
        Open();
    }
}
