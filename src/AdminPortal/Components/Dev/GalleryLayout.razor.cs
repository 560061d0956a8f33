using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Dev;

public sealed partial class GalleryLayout
{
    [Inject]
    public required IHostEnvironment Environment { get; init; }
}
