using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Shared;

/// <summary>Nothing to show: one sentence, one button.</summary>
public sealed partial class EmptyState
{
    [Parameter, EditorRequired]
    public required string Title { get; set; }

    [Parameter]
    public string? Icon { get; set; }

    [Parameter]
    public string? Action { get; set; }

    /// <summary>Where the action leads; without it the action is a button that raises <see cref="OnAction"/>.</summary>
    [Parameter]
    public string? ActionHref { get; set; }

    [Parameter]
    public EventCallback OnAction { get; set; }

    /// <summary>The action does not compete with the page's primary one, for instance "Clear the filters".</summary>
    [Parameter]
    public bool Quiet { get; set; }

    [Parameter]
    public RenderFragment? ChildContent { get; set; }
}
