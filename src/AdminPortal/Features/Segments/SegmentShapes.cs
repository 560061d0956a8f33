using System.ComponentModel.DataAnnotations;
using AdminPortal.Api;
using Ledgerpost.Contacts;
using Ledgerpost.Segments;

namespace AdminPortal.Features.Segments;

/// <summary>A new segment.</summary>
/// <param name="Rule">Without one its contacts are named one by one, and it stays so.</param>
internal sealed record SegmentBody([property: Required] string? Name, SegmentRuleShape? Rule) : ILookedUp
{
    public SegmentInput ToInput() => SegmentRules.Input(Name, Rule);

    public async Task<IEnumerable<FieldError>> LookUpAsync(BodyLookUp look) =>
        SegmentRules.Errors(
            await SegmentChecks.ProblemsAsync(look.Db, segmentId: null, _ => ToInput(), look.Cancellation)
        );
}

/// <summary>What is to change of a segment; what is not sent stays.</summary>
internal sealed record SegmentPatch(string? Name, SegmentRuleShape? Rule) : ILookedUp
{
    public async Task<IEnumerable<FieldError>> LookUpAsync(BodyLookUp look)
    {
        var problems = await SegmentChecks.ProblemsAsync(
            look.Db,
            look.Id,
            kept => kept is null ? SegmentRules.Input(Name, Rule) : SegmentRules.Merge(kept, this, look.Has),
            look.Cancellation
        );
        return SegmentRules.Errors(problems).Where(problem => problem.Field != nameof(Name) || look.Has("name"));
    }
}

/// <summary>Contacts by their ids, at most 1,000.</summary>
internal sealed record SegmentContactsBody([property: Required] IReadOnlyList<Guid>? ContactIds) : IChecked, ILookedUp
{
    public async Task<IEnumerable<FieldError>> LookUpAsync(BodyLookUp look) =>
        ContactIds is { Count: <= SelectedContacts.Most }
        && await AddToSegment.UnknownAsync(look.Db, new SelectedContacts(ContactIds), look.Cancellation)
            is { Count: > 0 } unknown
            ? [Unknown(unknown)]
            : [];

    public static FieldError Unknown(IReadOnlyList<Guid> ids) =>
        new(nameof(ContactIds), $"There is no contact with the id {string.Join(", ", ids.Take(5))}.");

    public IEnumerable<FieldError> Check() =>
        ContactIds is { Count: 0 or > SelectedContacts.Most }
            ? [new FieldError(nameof(ContactIds), $"Name 1 to {SelectedContacts.Most} contacts.")]
            : [];
}

/// <param name="Added">Who was in it already is not counted.</param>
internal sealed record AddedContactsShape(int Added);

/// <summary>Whether one of the tags is enough.</summary>
internal enum SegmentRuleMatch
{
    Any,
    All,
}

/// <param name="Match">any unless it is sent.</param>
internal sealed record SegmentRuleShape(SegmentRuleMatch? Match, IReadOnlyList<string>? Tags);

/// <param name="Rule">Null when its contacts are named one by one.</param>
/// <param name="Contacts">Its members now; null in lists.</param>
/// <param name="Subscribed">Of those, who may be mailed; null in lists.</param>
internal sealed record SegmentShape(
    Guid Id,
    string Name,
    SegmentRuleShape? Rule,
    int? Contacts,
    int? Subscribed,
    DateTimeOffset CreatedAt
)
{
    public static SegmentShape Of(SegmentSummary segment, SegmentSize? size = null) =>
        new(
            segment.Id,
            segment.Name,
            segment.Match == SegmentMatch.Named
                ? null
                : new SegmentRuleShape(
                    segment.Match == SegmentMatch.All ? SegmentRuleMatch.All : SegmentRuleMatch.Any,
                    segment.Tags
                ),
            size?.Contacts,
            size?.Subscribed,
            segment.CreatedAt
        );
}

internal static class SegmentRules
{
    public static SegmentInput Input(string? name, SegmentRuleShape? rule) =>
        rule is null
            ? new SegmentInput(name, SegmentMatch.Named, Tags: null)
            : new SegmentInput(
                name,
                rule.Match == SegmentRuleMatch.All ? SegmentMatch.All : SegmentMatch.Any,
                Tags: null
            )
            {
                TagList = rule.Tags ?? [],
            };

    /// <summary>What is kept, with the fields that were sent.</summary>
    /// <param name="has">Whether a field was sent, by its name in JSON.</param>
    public static SegmentInput Merge(Segment kept, SegmentPatch patch, Func<string, bool> has)
    {
        var name = has("name") ? patch.Name : kept.Name;
        return has("rule")
            ? Input(name, patch.Rule)
            : new SegmentInput(name, kept.Match, Tags: null) { TagList = [.. kept.Tags.Select(row => row.Tag)] };
    }

    /// <summary>Where the fields are in a body: those of the rule stand in it.</summary>
    public static IEnumerable<FieldError> Errors(IEnumerable<FieldError> errors) =>
        errors.Select(error =>
            error.Field switch
            {
                nameof(SegmentInput.Tags) => error with { Field = "rule.tags" },
                nameof(SegmentInput.Match) => error with { Field = "rule" },
                _ => error,
            }
        );
}
