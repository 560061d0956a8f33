using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Shared;

/// <summary>What happened, what was kept, what to do next.</summary>
public sealed partial class ErrorPanel
{
    /// <summary>One sentence: "The contacts could not be loaded."</summary>
    [Parameter, EditorRequired]
    public required string What { get; set; }

    /// <summary>One sentence: "Nothing was changed."</summary>
    [Parameter]
    public string? Kept { get; set; }

    /// <summary>With which the operator finds the entry in the log.</summary>
    [Parameter]
    public string? Reference { get; set; }

    [Parameter]
    public string Retry { get; set; } = "Try again";

    [Parameter]
    public EventCallback OnRetry { get; set; }

    [Parameter]
    public RenderFragment? ChildContent { get; set; }
}
