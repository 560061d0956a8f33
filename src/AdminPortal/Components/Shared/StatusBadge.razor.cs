using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Shared;

/// <summary>A state as a word and a colour.</summary>
public sealed partial class StatusBadge
{
    [Parameter, EditorRequired]
    public required string Word { get; set; }

    [Parameter]
    public Tone Tone { get; set; }

    /// <summary>Something is going on right now: the dot breathes, unless the person wants no motion.</summary>
    [Parameter]
    public bool Live { get; set; }
}
