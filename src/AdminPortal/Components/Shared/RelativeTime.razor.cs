using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Shared;

/// <summary>"4 minutes ago", with the exact instant on hover in the tenant's zone.</summary>
public sealed partial class RelativeTime
{
    [Inject]
    public required TimeProvider Time { get; init; }

    [Parameter, EditorRequired]
    public required DateTimeOffset? At { get; set; }

    /// <summary>What stands where there is no instant.</summary>
    [Parameter]
    public string Never { get; set; } = "never";

    /// <summary>The tenant's zone; UTC where nobody cascades one.</summary>
    [CascadingParameter]
    public TimeZoneInfo? Zone { get; set; }
}
