using System.Diagnostics;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;
using Microsoft.AspNetCore.Components.Web;

namespace AdminPortal.Components.Shared;

/// <summary>
/// Catches what a page did not expect: the frame stays, the circuit lives, the error is in the log under the reference that
/// is shown, and "Try again" renders the page anew.
/// </summary>
public sealed class PageErrorBoundary : ErrorBoundaryBase
{
    private string? _reference;

    [Inject]
    public required ILogger<PageErrorBoundary> Logger { get; init; }

    [Inject]
    public required TimeProvider Time { get; init; }

    protected override Task OnErrorAsync(Exception exception)
    {
        _reference = Activity.Current?.TraceId.ToString()[..12] ?? Time.GetUtcNow().ToString("yyyyMMdd-HHmmss-fff");
        Logger.LogError(exception, "A page failed. Reference {Reference}.", _reference);
        return Task.CompletedTask;
    }

    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        if (CurrentException is null)
        {
            builder.AddContent(0, ChildContent);
            return;
        }

        builder.OpenComponent<ErrorPanel>(1);
        builder.AddComponentParameter(2, nameof(ErrorPanel.What), "Something went wrong on this page.");
        builder.AddComponentParameter(
            3,
            nameof(ErrorPanel.Kept),
            "What was saved is kept, and sending is not touched by it."
        );
        builder.AddComponentParameter(4, nameof(ErrorPanel.Reference), _reference);
        builder.AddComponentParameter(5, nameof(ErrorPanel.OnRetry), EventCallback.Factory.Create(this, Recover));
        builder.CloseComponent();
    }
}
