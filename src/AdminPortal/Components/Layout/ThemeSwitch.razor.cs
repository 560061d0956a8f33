using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace AdminPortal.Components.Layout;

/// <summary>Light, dark, or as the system has it.</summary>
public sealed partial class ThemeSwitch
{
    private static readonly (string Theme, string Icon, string Label)[] Choices =
    [
        ("system", "system", "Theme as the system has it"),
        ("light", "light", "Light theme"),
        ("dark", "dark", "Dark theme"),
    ];

    private string? _theme;

    [Inject]
    public required IJSRuntime Script { get; init; }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _theme = await Script.InvokeAsync<string?>("ledgerpost.theme");
            StateHasChanged();
        }
    }

    private async Task ChooseAsync(string theme)
    {
        _theme = theme;
        await Script.InvokeVoidAsync("ledgerpost.setTheme", theme);
    }
}
