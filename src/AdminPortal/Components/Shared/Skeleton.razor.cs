using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Shared;

/// <summary>Holds the place of what is loading. Give it the size of what comes, so that nothing shifts.</summary>
public sealed partial class Skeleton
{
    [Parameter]
    public int Lines { get; set; } = 3;

    /// <summary>Of one line, in CSS pixels.</summary>
    [Parameter]
    public int Height { get; set; } = 16;

    /// <summary>All lines as wide as the place, as for rows or one block.</summary>
    [Parameter]
    public bool Full { get; set; }

    private string Width(int line) =>
        Full
            ? "100%"
            : (line % 3) switch
            {
                0 => "72%",
                1 => "88%",
                _ => "54%",
            };
}
