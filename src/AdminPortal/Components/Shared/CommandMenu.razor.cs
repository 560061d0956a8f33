using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Shared;

/// <summary>
/// Secondary actions behind one button. The items are <see cref="CommandItem"/>s; opening and the arrow keys work in the
/// browser alone (wwwroot/js/shell.js).
/// </summary>
public sealed partial class CommandMenu
{
    private static long s_last;
    private readonly string _id = $"lp-menu-{Interlocked.Increment(ref s_last)}";

    /// <summary>Names the menu for those who do not see it: "More actions", "Actions for ada@example.com".</summary>
    [Parameter]
    public string Name { get; set; } = "More actions";

    /// <summary>A word on the button; without it the button shows three dots.</summary>
    [Parameter]
    public string? Label { get; set; }

    /// <summary>As in a table's row.</summary>
    [Parameter]
    public bool Small { get; set; }

    [Parameter]
    public bool Plain { get; set; }

    [Parameter]
    public RenderFragment? ChildContent { get; set; }
}
