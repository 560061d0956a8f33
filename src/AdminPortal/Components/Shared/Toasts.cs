using Radzen;

namespace AdminPortal.Components.Shared;

/// <summary>Short notes in the corner. What needs a decision or a second look belongs on the page instead.</summary>
public sealed class Toasts(NotificationService notifications)
{
    /// <summary>"Campaign paused.", with at most one sentence more.</summary>
    public void Done(string sentence, string? detail = null) => Show(NotificationSeverity.Success, sentence, detail, 5);

    public void Note(string sentence, string? detail = null) => Show(NotificationSeverity.Info, sentence, detail, 6);

    /// <summary>What happened, and what was kept or what to do next.</summary>
    public void Failed(string what, string? keptOrNext = null) =>
        Show(NotificationSeverity.Error, what, keptOrNext, 12);

    private void Show(NotificationSeverity severity, string summary, string? detail, int seconds) =>
        notifications.Notify(
            new NotificationMessage
            {
                Severity = severity,
                Summary = summary,
                Detail = detail ?? "",
                Duration = TimeSpan.FromSeconds(seconds).TotalMilliseconds,
            }
        );
}
