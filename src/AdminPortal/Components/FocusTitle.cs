using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using RouteData = Microsoft.AspNetCore.Components.RouteData;

namespace AdminPortal.Components;

/// <summary>
/// Moves the focus to the title of the next page, so that a screen reader announces it. The framework's own part also does
/// so on the first page, after it stands: whoever has begun to type by then loses letters.
/// </summary>
public sealed class FocusTitle : ComponentBase
{
    private Type? _page;
    private bool _moved;

    [Inject]
    public required IJSRuntime Script { get; init; }

    [Parameter, EditorRequired]
    public required RouteData Route { get; set; }

    protected override void OnParametersSet()
    {
        _moved = _page is not null && _page != Route.PageType;
        _page = Route.PageType;
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_moved)
        {
            _moved = false;
            await Script.InvokeVoidAsync("ledgerpost.focusTitle");
        }
    }
}
