using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Shared;

/// <summary>A filter in use, with the address of the same list without it.</summary>
public sealed record FilterChip(string Label, string WithoutHref);

/// <summary>
/// The bar above a list. It holds no state of its own: the page reads its filters from the address, and answers
/// <see cref="OnSearch"/> by navigating to the address with the new text.
/// </summary>
public sealed partial class FilterBar : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);
    private CancellationTokenSource? _typing;
    private string? _sent;

    [Inject]
    public required TimeProvider Time { get; init; }

    [Parameter]
    public string Label { get; set; } = "Filter the list";

    [Parameter]
    public string? Search { get; set; }

    [Parameter]
    public string SearchLabel { get; set; } = "Search";

    /// <summary>The text after a short pause in typing, or at once on Enter; trimmed.</summary>
    [Parameter]
    public EventCallback<string> OnSearch { get; set; }

    [Parameter]
    public IReadOnlyList<FilterChip> Chips { get; set; } = [];

    [Parameter]
    public string? ClearHref { get; set; }

    /// <summary>At the right: "1,204 contacts".</summary>
    [Parameter]
    public string? Summary { get; set; }

    /// <summary>Drop-downs and dates.</summary>
    [Parameter]
    public RenderFragment? ChildContent { get; set; }

    public void Dispose() => _typing?.Dispose();

    private async Task TypedAsync(ChangeEventArgs change)
    {
        if (_typing is not null)
        {
            await _typing.CancelAsync();
            _typing.Dispose();
        }

        var typing = _typing = new CancellationTokenSource();
        try
        {
            await Task.Delay(Pause, Time, typing.Token);
            await SendAsync(change);
        }
        catch (OperationCanceledException)
        {
            // More was typed.
        }
    }

    private async Task SubmittedAsync(ChangeEventArgs change)
    {
        if (_typing is not null)
        {
            await _typing.CancelAsync();
        }

        await SendAsync(change);
    }

    private async Task SendAsync(ChangeEventArgs change)
    {
        var text = (change.Value as string ?? "").Trim();
        if (!string.Equals(text, _sent ?? Search ?? "", StringComparison.Ordinal))
        {
            _sent = text;
            await OnSearch.InvokeAsync(text);
        }
    }
}
