using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Dev;

public sealed partial class GalleryForm
{
    private string? _sender;
    private bool _track = true;

    [Inject]
    public required TimeProvider Time { get; init; }

    private DateTimeOffset Now => Time.GetUtcNow();
}
