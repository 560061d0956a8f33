using System.Text.Json;
using Ledgerpost.Campaigns;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace AdminPortal.Features.Campaigns.Compose;

/// <summary>The copy that the browser keeps of what the server has not confirmed (ComposePage.razor.js).</summary>
public sealed partial class ComposePage : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private ElementReference _root;
    private IJSObjectReference? _browser;
    private LocalCopy? _recovered;
    private bool _attached;

    [Inject]
    public required IJSRuntime Script { get; init; }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _closing.Dispose();
        try
        {
            await DetachAsync();
        }
        catch (JSDisconnectedException)
        {
            // The browser went away, and its timers with it.
        }
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_attached || _editor is null)
        {
            return;
        }

        _attached = true;
        try
        {
            await AttachAsync(_editor);
        }
        catch (Exception failure) when (Left && failure is (JSException or JSDisconnectedException))
        {
            // Its fields are not in the browser any more.
        }
    }

    private async Task AttachAsync(DraftEditor editor)
    {
        await using var module = await Script.InvokeAsync<IJSObjectReference>(
            "import",
            "./Features/Campaigns/Compose/ComposePage.razor.js"
        );
        if (Left)
        {
            return;
        }

        _browser = await module.InvokeAsync<IJSObjectReference>(
            "attach",
            _root,
            $"ledgerpost.draft.{Id}",
            editor.Version
        );
        if (Left)
        {
            // Too late for DisposeAsync to find it.
            await DetachAsync();
        }
        else if (_browser is not null)
        {
            await RecoverAsync(await _browser.InvokeAsync<string?>("read"));
        }
    }

    private async Task DetachAsync()
    {
        if (_browser is not null)
        {
            await _browser.InvokeVoidAsync("dispose");
            await _browser.DisposeAsync();
        }
    }

    private async Task RecoverAsync(string? stored)
    {
        if (stored is null || Left)
        {
            return;
        }

        if (Parse(stored) is not { } copy || copy.Over(_editor!.Content) == _editor.Content)
        {
            await ForgetAsync();
            return;
        }

        if (copy.Version != _editor.Version)
        {
            _recovered = copy;
            StateHasChanged();
            return;
        }

        // Typed on the version that is still the last one: simply newer.
        _recovered = copy;
        await UseRecoveredAsync();
        Toasts.Note("Text that had not reached the server was put back.", "It was kept in this browser.");
    }

    private static LocalCopy? Parse(string? stored)
    {
        try
        {
            return stored is null ? null : JsonSerializer.Deserialize<LocalCopy>(stored, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task UseRecoveredAsync()
    {
        var content = _recovered!.Over(_editor!.Content);
        _recovered = null;
        _round++;
        await ChangeAsync(content);
        StateHasChanged();
    }

    private async Task ForgetRecoveredAsync()
    {
        _recovered = null;
        await ForgetAsync();
    }

    private async Task ForgetAsync()
    {
        if (_browser is not null && !Left)
        {
            await _browser.InvokeVoidAsync("forget");
        }
    }

    private async Task TellBrowserAsync()
    {
        if (_browser is not null && _recovered is null && !Left)
        {
            await _browser.InvokeVoidAsync("saved", DraftDigest.Of(_editor!.Content), _editor.Version);
        }
    }

    /// <param name="At">Milliseconds since 1970-01-01 UTC, by the browser's clock.</param>
    private sealed record LocalCopy(int Version, long At, string? Name, string? Subject, string? Html, string? Text)
    {
        public DateTimeOffset TypedAt => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(At, 0, 4_102_444_800_000));

        public DraftContent Over(DraftContent content) =>
            content with
            {
                Name = Name ?? content.Name,
                Subject = Subject ?? content.Subject,
                Html = Html ?? content.Html,
                // What was kept before there was such a field says nothing about it.
                Text = Text is null ? content.Text : ComposeForm.OwnText(Text),
            };
    }
}
