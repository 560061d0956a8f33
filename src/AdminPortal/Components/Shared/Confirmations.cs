using Radzen;

namespace AdminPortal.Components.Shared;

/// <summary>A question before something that cannot be taken back, or that others will see.</summary>
/// <param name="Title">The question: "Launch “Winter sale” to 4,812 people?"</param>
/// <param name="Sentences">What will happen, one sentence each.</param>
/// <param name="Confirm">What the button does, never "OK": "Launch", "Delete 12 contacts".</param>
/// <param name="Danger">Something is lost by it.</param>
/// <param name="Type">A word that has to be typed first; null for none.</param>
public sealed record Confirmation(
    string Title,
    IReadOnlyList<string> Sentences,
    string Confirm,
    bool Danger = false,
    string? Type = null
);

/// <summary>Asks, and answers true only for a pressed confirm button: Escape, the cross and Cancel are all no.</summary>
public sealed class Confirmations(DialogService dialogs)
{
    public async Task<bool> AskAsync(Confirmation confirmation)
    {
        var answer = await dialogs.OpenAsync<ConfirmDialog>(
            confirmation.Title,
            new Dictionary<string, object?>(StringComparer.Ordinal) { [nameof(ConfirmDialog.Question)] = confirmation },
            new DialogOptions
            {
                Width = "480px",
                Height = "auto",
                CloseDialogOnEsc = true,
                AutoFocusFirstElement = true,
                ShowClose = true,
            }
        );
        return answer is true;
    }
}
