using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns.Compose;

/// <param name="Field">name, subject, html or text.</param>
public sealed record TypedText(string Field, string Text);

/// <summary>
/// The fields. The typed ones are not bound: the page's script reports them after a pause, and rendering an older text
/// back would swallow what was typed meanwhile. Give the form a new key to replace what is in them.
/// </summary>
public sealed partial class ComposeForm
{
    private static readonly (string Label, string Text)[] Inserts =
    [
        ("First name", "{{fallback first_name \"friend\"}}"),
        ("Last name", "{{last_name}}"),
        ("E-mail", "{{email}}"),
        ("Unsubscribe link", "<a href=\"{{unsubscribe_url}}\">Unsubscribe</a>"),
    ];

    // What the typed fields show at first, whatever is typed later.
    private DraftContent? _first;

    [Parameter, EditorRequired]
    public required DraftContent Content { get; set; }

    [Parameter]
    public ComposeChoices? Choices { get; set; }

    [Parameter]
    public IReadOnlyList<FieldError> Problems { get; set; } = [];

    /// <summary>Of a follow-up: the name of the campaign that it continues.</summary>
    [Parameter]
    public string? Continues { get; set; }

    /// <summary>In the chosen audience.</summary>
    [Parameter]
    public int? People { get; set; }

    [Parameter]
    public EventCallback<TypedText> OnTyped { get; set; }

    [Parameter]
    public EventCallback<DraftContent> OnChosen { get; set; }

    private DraftContent First => _first ??= Content;

    /// <summary>An empty field is not an empty mail: the text is made from the HTML then.</summary>
    public static string? OwnText(string typed) => string.IsNullOrWhiteSpace(typed) ? null : typed;

    private static string Insert(string own) => $"{{{{{MergeFields.OwnField(own)}}}}}";

    private static string Text(ChangeEventArgs change) => change.Value as string ?? "";

    private static string? Empty(ChangeEventArgs change) => Text(change) is { Length: > 0 } text ? text : null;

    private static Guid? Id(ChangeEventArgs change) => Guid.TryParse(Text(change), out var id) ? id : null;

    private string? Invalid(string field) => Problems.Any(problem => problem.Field == field) ? "true" : null;

    private Task ChangeAsync(DraftContent content) => OnChosen.InvokeAsync(content);

    private Task ChooseSenderAsync(ChangeEventArgs change) => ChangeAsync(Content with { SenderId = Id(change) });

    private Task ChooseKindAsync(ChangeEventArgs change) =>
        ChangeAsync(
            Content with
            {
                AudienceKind = Enum.Parse<AudienceKind>(Text(change)),
                AudienceTag = null,
                AudienceSegmentId = null,
            }
        );
}
