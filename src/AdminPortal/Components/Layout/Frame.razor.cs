using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Layout;

/// <summary>The frame around a page: navigation at the left, banners on top, the page beside.</summary>
public sealed partial class Frame
{
    [Parameter, EditorRequired]
    public required ShellView View { get; set; }

    [Parameter, EditorRequired]
    public required RenderFragment ChildContent { get; set; }
}
