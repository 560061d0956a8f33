using Microsoft.AspNetCore.Components;
using Radzen;

namespace AdminPortal.Components.Shared;

/// <summary>The body of a question; asked through <see cref="Confirmations"/>.</summary>
public sealed partial class ConfirmDialog
{
    private string _typed = "";

    [Inject]
    public required DialogService Dialogs { get; init; }

    [Parameter, EditorRequired]
    public required Confirmation Question { get; set; }

    private bool Ready =>
        Question.Type is null || string.Equals(_typed.Trim(), Question.Type, StringComparison.Ordinal);
}
