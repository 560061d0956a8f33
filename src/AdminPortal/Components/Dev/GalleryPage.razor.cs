using AdminPortal.Components.Shared;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Components.Dev;

public sealed partial class GalleryPage
{
    private string? _answer;

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required TimeProvider Time { get; init; }

    [SupplyParameterFromQuery(Name = "state")]
    public string? State { get; set; }

    private DateTimeOffset Now => Time.GetUtcNow();

    private async Task LaunchAsync()
    {
        var yes = await Confirmations.AskAsync(
            new Confirmation(
                "Launch “Autumn letter” to 4,812 people?",
                [
                    "It goes out from Northwind Post <news@northwind.example> and is done in about 9 minutes.",
                    "88 people are left out: 71 unsubscribed, 17 are on the suppression list.",
                ],
                "Launch"
            )
        );
        _answer = yes ? "Launched." : "Not launched.";
        if (yes)
        {
            Toasts.Done("Launched.", "4,812 people are waiting.");
        }
    }

    private async Task DeleteAsync()
    {
        var yes = await Confirmations.AskAsync(
            new Confirmation(
                "Delete this campaign?",
                ["The draft is gone then."],
                "Delete",
                Danger: true,
                Type: "autumn"
            )
        );
        _answer = yes ? "Deleted." : "Not deleted.";
        if (yes)
        {
            Toasts.Failed("It could not be deleted.", "The campaign is as it was.");
        }
    }
}
