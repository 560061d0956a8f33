using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Shared;

/// <summary>Pages as addresses, so that a reload and the back button keep the place.</summary>
public sealed partial class Pager
{
    /// <summary>From 1.</summary>
    [Parameter, EditorRequired]
    public required int Page { get; set; }

    [Parameter]
    public int PageSize { get; set; } = 50;

    [Parameter, EditorRequired]
    public required long Total { get; set; }

    /// <summary>The address of the same list at a page.</summary>
    [Parameter, EditorRequired]
    public required Func<int, string> Href { get; set; }

    private int Pages => (int)((Total + PageSize - 1) / PageSize);

    private long First => ((long)(Page - 1) * PageSize) + 1;

    private long Last => Math.Min((long)Page * PageSize, Total);
}
