using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Shared;

/// <summary>A filter in use, with the address of the same list without it.</summary>
public sealed record FilterChip(string Label, string WithoutHref);

/// <summary>
/// The bar above a list. It holds nothing but what is being typed: the page reads its filters from the address, and answers
/// <see cref="OnSearch"/> by navigating to the address with the new text.
/// </summary>
public sealed partial class FilterBar : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    // Sent from here, and not in the address yet.
    private readonly List<string> _underWay = [];
    private CancellationTokenSource? _typing;
    private string _search = "";
    private string _text = "";

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

    public void Dispose() => StopWaiting();

    protected override void OnParametersSet()
    {
        var search = Search ?? "";
        if (search == _search)
        {
            return;
        }

        _search = search;
        var mine = _underWay.IndexOf(search);
        if (mine >= 0)
        {
            // Typed here: in the box stands that, or more by now.
            _underWay.RemoveRange(0, mine + 1);
            return;
        }

        _underWay.Clear();
        StopWaiting();
        _text = search;
    }

    private void StopWaiting()
    {
        _typing?.Cancel();
        _typing?.Dispose();
        _typing = null;
    }

    private async Task TypedAsync()
    {
        StopWaiting();
        var typing = _typing = new CancellationTokenSource();
        try
        {
            await Task.Delay(Pause, Time, typing.Token);
            await SendAsync();
        }
        catch (OperationCanceledException)
        {
            // More was typed, the address says something else, or the bar is gone.
        }
    }

    private async Task SubmittedAsync(ChangeEventArgs change)
    {
        StopWaiting();
        _text = change.Value as string ?? "";
        await SendAsync();
    }

    private async Task SendAsync()
    {
        var text = _text.Trim();
        if (text != (_underWay.Count > 0 ? _underWay[^1] : _search))
        {
            _underWay.Add(text);
            await OnSearch.InvokeAsync(text);
        }
    }
}
