using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace AdminPortal.Components.Shared;

public sealed partial class CopyButton
{
    private bool _copied;

    [Inject]
    public required IJSRuntime Script { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Parameter, EditorRequired]
    public required string Text { get; set; }

    /// <summary>Names the text: "the key", "the address".</summary>
    [Parameter]
    public string What { get; set; } = "the text";

    private async Task CopyAsync()
    {
        _copied = await Script.InvokeAsync<bool>("ledgerpost.copy", Text);
        if (!_copied)
        {
            Toasts.Failed("The browser did not allow copying.", "Select the text and copy it by hand.");
        }
    }
}
