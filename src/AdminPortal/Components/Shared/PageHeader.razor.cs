using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Shared;

/// <summary>One step of the way here.</summary>
public sealed record Crumb(string Label, string Href);

/// <summary>The top of every page: the way here, one title, the actions at the right, a sentence or two below.</summary>
public sealed partial class PageHeader
{
    [Parameter, EditorRequired]
    public required string Title { get; set; }

    [Parameter]
    public IReadOnlyList<Crumb> Breadcrumb { get; set; } = [];

    /// <summary>The primary action when it is a link; one that is a button goes last into <see cref="Actions"/>.</summary>
    [Parameter]
    public string? PrimaryAction { get; set; }

    [Parameter]
    public string? PrimaryHref { get; set; }

    /// <summary>Beside the title, usually a <see cref="StatusBadge"/>.</summary>
    [Parameter]
    public RenderFragment? Status { get; set; }

    /// <summary>Buttons and a <see cref="CommandMenu"/>, before the primary action.</summary>
    [Parameter]
    public RenderFragment? Actions { get; set; }

    [Parameter]
    public RenderFragment? ChildContent { get; set; }
}
