using Ledgerpost.Contacts;

namespace Ledgerpost.Segments;

/// <summary>A segment as typed; nothing is checked yet.</summary>
/// <param name="Tags">Separated by commas; none for <see cref="SegmentMatch.Named"/>.</param>
public sealed record SegmentInput(string? Name, SegmentMatch Match, string? Tags)
{
    public const int MaxNameLength = 100;
    public const int MaxTags = 20;

    /// <summary>Instead of <see cref="Tags"/>, each by itself, as a program gives them: nothing in one separates it.</summary>
    public IReadOnlyList<string?>? TagList { get; init; }

    internal (ValidSegment? Segment, IReadOnlyList<FieldError> Errors) Check()
    {
        var errors = new List<FieldError>();
        if (!PlainText.TryParse(Name, "name", MaxNameLength, out var name, out var reason))
        {
            errors.Add(new FieldError(nameof(Name), reason));
        }
        else if (name is null)
        {
            errors.Add(new FieldError(nameof(Name), "Give the segment a name."));
        }

        if (
            !(
                TagList is null
                    ? Tag.TryParseList(Tags, out var tags, out reason)
                    : Tag.TryParseEach(TagList, out tags, out reason)
            )
        )
        {
            errors.Add(new FieldError(nameof(Tags), reason));
        }
        else if (Match == SegmentMatch.Named)
        {
            if (tags.Count > 0)
            {
                errors.Add(new FieldError(nameof(Tags), "A segment of contacts named one by one has no tags."));
            }
        }
        else if (tags.Count is 0 or > MaxTags)
        {
            errors.Add(
                new FieldError(
                    nameof(Tags),
                    tags.Count == 0 ? "Name at least one tag." : $"A segment can have at most {MaxTags} tags."
                )
            );
        }

        return errors.Count > 0 ? (null, errors) : (new ValidSegment(name!, Match, tags), []);
    }
}

internal sealed record ValidSegment(string Name, SegmentMatch Match, IReadOnlyList<string> Tags);

/// <summary>What became of creating, changing or deleting a segment.</summary>
public abstract record SegmentOutcome
{
    private SegmentOutcome() { }

    public sealed record Saved(Guid SegmentId) : SegmentOutcome;

    public sealed record Deleted : SegmentOutcome;

    public sealed record Invalid(IReadOnlyList<FieldError> Errors) : SegmentOutcome;

    public sealed record NotFound : SegmentOutcome;

    /// <param name="Campaigns">Names of campaigns that still mean to mail it, five at most.</param>
    public sealed record InUse(IReadOnlyList<string> Campaigns) : SegmentOutcome;
}
