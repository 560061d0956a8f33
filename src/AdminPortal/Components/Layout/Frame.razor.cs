using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Layout;

/// <summary>The frame around a page: navigation at the left, banners on top, the page beside.</summary>
public sealed partial class Frame
{
    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Parameter, EditorRequired]
    public required ShellView View { get; set; }

    [Parameter, EditorRequired]
    public required RenderFragment ChildContent { get; set; }

    // A bare "#lp-main" would lead to the base address, because of the <base> element.
    private string Here => "/" + Navigation.ToBaseRelativePath(Navigation.Uri).Split('#')[0];
}
