using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Shared;

/// <summary>One line of a <see cref="CommandMenu"/>: a link, or a button.</summary>
public sealed partial class CommandItem
{
    [Parameter]
    public string? Href { get; set; }

    /// <summary>The link is a file of this name.</summary>
    [Parameter]
    public string? Download { get; set; }

    [Parameter]
    public EventCallback OnClick { get; set; }

    [Parameter]
    public bool Danger { get; set; }

    [Parameter]
    public bool Disabled { get; set; }

    [Parameter, EditorRequired]
    public required RenderFragment ChildContent { get; set; }
}
