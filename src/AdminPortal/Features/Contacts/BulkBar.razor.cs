using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Contacts;
using Ledgerpost.Segments;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Contacts;

/// <summary>What can be done with the contacts that were ticked, or with all that match the filter.</summary>
public sealed partial class BulkBar
{
    private IReadOnlyList<NamedSegment> _segments = [];
    private Guid? _segment;
    private string? _tag;
    private bool _busy;

    [Inject]
    public required TagContacts Tagging { get; init; }

    [Inject]
    public required UntagContacts Untagging { get; init; }

    [Inject]
    public required DeleteContacts Deleting { get; init; }

    [Inject]
    public required SegmentList Segments { get; init; }

    [Inject]
    public required AddToSegment Adding { get; init; }

    [Inject]
    public required RemoveFromSegment Removing { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<BulkBar> Logger { get; init; }

    [Parameter, EditorRequired]
    public required TenantSession Session { get; set; }

    [Parameter, EditorRequired]
    public required ContactFilter Filter { get; set; }

    [Parameter, EditorRequired]
    public required IReadOnlyCollection<Guid> Ids { get; set; }

    /// <summary>All that match, not only those that were ticked.</summary>
    [Parameter]
    public bool All { get; set; }

    /// <summary>Every contact of this page is ticked.</summary>
    [Parameter]
    public bool WholePage { get; set; }

    /// <summary>How many match.</summary>
    [Parameter]
    public int Total { get; set; }

    [Parameter]
    public IReadOnlyList<TagCount> Tags { get; set; } = [];

    [Parameter]
    public EventCallback<bool> OnAll { get; set; }

    [Parameter]
    public EventCallback OnClear { get; set; }

    /// <summary>Contacts were changed.</summary>
    [Parameter]
    public EventCallback OnDone { get; set; }

    private int Count => All ? Total : Ids.Count;

    private bool Empty => string.IsNullOrWhiteSpace(_tag);

    private ContactSelection Selection => All ? Filter : new SelectedContacts(Ids);

    private string SegmentName => _segments.FirstOrDefault(segment => segment.Id == _segment)?.Name ?? "";

    protected override async Task OnInitializedAsync()
    {
        _segments = await Segments.NamedAsync(Session.Caller);
        // Whoever looks at a segment's contacts most likely means that one.
        _segment = _segments.FirstOrDefault(segment => segment.Id == Filter.SegmentId)?.Id;
    }

    private Task AddToSegmentAsync() =>
        RunAsync(
            async () => Bulk(await Adding.ExecuteAsync(Session.Caller, _segment!.Value, Selection)),
            done => $"{Words.Count(done, "contact was", "contacts were")} put into “{SegmentName}”.",
            "Everybody was in it already."
        );

    private Task RemoveFromSegmentAsync() =>
        RunAsync(
            async () => Bulk(await Removing.ExecuteAsync(Session.Caller, _segment!.Value, Selection)),
            done => $"{Words.Count(done, "contact was", "contacts were")} taken out of “{SegmentName}”.",
            "Nobody was in it."
        );

    private static BulkOutcome Bulk(MembersOutcome outcome) =>
        outcome switch
        {
            MembersOutcome.Done done => new BulkOutcome.Done(done.Count),
            MembersOutcome.UnknownContacts unknown => new BulkOutcome.Invalid(
                $"{Words.Count(unknown.Ids.Count, "contact was", "contacts were")} deleted meanwhile. Select the others anew."
            ),
            _ => new BulkOutcome.Invalid("This segment was deleted meanwhile."),
        };

    private Task TagAsync() =>
        RunAsync(
            () => Tagging.ExecuteAsync(Session.Caller, Selection, _tag),
            done => $"{Words.Count(done, "contact", "contacts")} tagged “{_tag!.Trim()}”.",
            "Everybody had the tag already."
        );

    private Task UntagAsync() =>
        RunAsync(
            () => Untagging.ExecuteAsync(Session.Caller, Selection, _tag),
            done => $"The tag “{_tag!.Trim()}” was taken from {Words.Count(done, "contact", "contacts")}.",
            "Nobody had the tag."
        );

    private async Task DeleteAsync()
    {
        var count = Count;
        if (await Confirmations.AskAsync(DeletionQuestions.Contacts(count)))
        {
            await RunAsync(
                () => Deleting.ExecuteAsync(Session.Caller, Selection, count),
                done => $"{Words.Count(done, "contact was", "contacts were")} deleted.",
                "They were deleted already."
            );
        }
    }

    private async Task RunAsync(Func<Task<BulkOutcome>> command, Func<int, string> sentence, string nothing)
    {
        _busy = true;
        try
        {
            switch (await command())
            {
                case BulkOutcome.Done { Count: 0 }:
                    Toasts.Note(nothing);
                    break;
                case BulkOutcome.Done done:
                    Toasts.Done(sentence(done.Count));
                    break;
                case BulkOutcome.CountChanged changed:
                    Toasts.Failed(
                        $"By now it is {Words.Count(changed.Now, "contact", "contacts")}, not the number you confirmed.",
                        "Nothing was deleted. Look again and repeat."
                    );
                    break;
                case BulkOutcome.Invalid invalid:
                    Toasts.Failed(invalid.Reason, "Nothing was changed.");
                    return;
            }

            await OnDone.InvokeAsync();
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "A bulk command failed");
            Toasts.Failed("That did not work.", Words.Kept(failure));
        }
        finally
        {
            _busy = false;
        }
    }
}
