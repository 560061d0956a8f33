using AdminPortal.Tenancy;
using Ledgerpost.Contacts;
using Ledgerpost.Segments;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Segments;

/// <summary>A new segment, or one that is there, with its size as it is put together.</summary>
public sealed partial class SegmentForm
{
    private IReadOnlyList<FieldError> _errors = [];
    private SegmentMatch _match;
    private SegmentSize? _size;
    private string? _problem;
    private string? _name;
    private string? _tags;
    private bool _saving;

    [Inject]
    public required SegmentList List { get; init; }

    [Inject]
    public required CreateSegment Create { get; init; }

    [Inject]
    public required ChangeSegment Change { get; init; }

    [Inject]
    public required ILogger<SegmentForm> Logger { get; init; }

    [Parameter, EditorRequired]
    public required TenantSession Session { get; set; }

    /// <summary>Null for a new one. Give the component a key, so that another segment is another form.</summary>
    [Parameter]
    public SegmentRow? Segment { get; set; }

    /// <summary>Tags in use, to choose from.</summary>
    [Parameter]
    public IReadOnlyList<TagCount> Tags { get; set; } = [];

    [Parameter, EditorRequired]
    public required string CloseHref { get; set; }

    [Parameter]
    public EventCallback OnSaved { get; set; }

    private bool ReadOnly => !Session.Can(TenantRole.Editor);

    private static bool IsNamed(SegmentRow? segment) => segment?.Match == SegmentMatch.Named;

    private IReadOnlyList<TagCount> Suggestions
    {
        get
        {
            var named = Tag.TryParseList(_tags, out var tags, out _) ? tags : [];
            return [.. Tags.Where(tag => !named.Contains(tag.Tag)).OrderByDescending(tag => tag.Contacts).Take(12)];
        }
    }

    protected override async Task OnInitializedAsync()
    {
        _name = Segment?.Name;
        _match = Segment?.Match ?? SegmentMatch.Any;
        _tags = Segment is null ? null : string.Join(", ", Segment.Tags);
        await CountAsync();
    }

    private string? Invalid(string field) => _errors.Any(error => error.Field == field) ? "true" : null;

    private Task AddTagAsync(string tag)
    {
        var typed = _tags?.Trim().TrimEnd(',', ';');
        _tags = string.IsNullOrEmpty(typed) ? tag : $"{typed}, {tag}";
        return CountAsync();
    }

    private Task MatchAsync(SegmentMatch match)
    {
        _match = match;
        return CountAsync();
    }

    private async Task CountAsync()
    {
        var counted = (_match, _tags);
        var size =
            _match != SegmentMatch.Named && Tag.TryParseList(_tags, out var tags, out _) && tags.Count > 0
                ? await List.CountAsync(Session.Caller, _match, tags)
                : null;
        // A slower count of an older text must not overwrite the newer one.
        if (counted == (_match, _tags))
        {
            _size = size;
        }
    }

    private async Task SaveAsync()
    {
        (_saving, _errors, _problem) = (true, [], null);
        try
        {
            var input = new SegmentInput(_name, _match, _match == SegmentMatch.Named ? null : _tags);
            switch (
                Segment is null
                    ? await Create.ExecuteAsync(Session.Caller, input)
                    : await Change.ExecuteAsync(Session.Caller, Segment.Id, _ => input)
            )
            {
                case SegmentOutcome.Invalid invalid:
                    _errors = invalid.Errors;
                    break;
                case SegmentOutcome.Saved:
                    await OnSaved.InvokeAsync();
                    break;
                default:
                    _problem = "This segment was deleted meanwhile. Nothing was saved.";
                    break;
            }
        }
        catch (AccessDeniedException denied)
        {
            _problem = denied.Message;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "A segment could not be saved");
            _problem = "The segment could not be saved. What you typed is still here; try again.";
        }
        finally
        {
            _saving = false;
        }
    }
}
