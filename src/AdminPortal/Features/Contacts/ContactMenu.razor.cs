using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Contacts;
using Ledgerpost.Segments;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Contacts;

/// <summary>What can be done with one contact.</summary>
public sealed partial class ContactMenu
{
    [Inject]
    public required AddSuppression Suppressing { get; init; }

    [Inject]
    public required RemoveSuppression Removing { get; init; }

    [Inject]
    public required DeleteContacts Deleting { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Parameter, EditorRequired]
    public required TenantSession Session { get; set; }

    [Parameter, EditorRequired]
    public required ContactRow Contact { get; set; }

    [Parameter, EditorRequired]
    public required string EditHref { get; set; }

    [Parameter]
    public EventCallback OnChanged { get; set; }

    private Task UnsubscribeAsync() =>
        AskAsync(
            new Confirmation(
                $"Unsubscribe {Contact.Email}?",
                ["They are not mailed any more, by no campaign that is still to go out to them."],
                "Unsubscribe"
            ),
            async () =>
            {
                await Suppressing.ExecuteAsync(
                    Session.Caller,
                    Contact.Email,
                    SuppressionReason.Unsubscribed,
                    "from the list of contacts"
                );
                Toasts.Done($"{Contact.Email} is unsubscribed.");
            }
        );

    private Task SubscribeAsync()
    {
        // What the question is about; the list beneath it may be read again meanwhile.
        var seen = Contact;
        return AskAsync(
            new Confirmation(
                $"Mail {seen.Email} again?",
                [SuppressionWords.Warning(seen.Suppression!.Value)],
                "Mail again",
                Danger: seen.Suppression >= SuppressionReason.Bounced
            ),
            async () =>
            {
                if (
                    await Removing.ExecuteAsync(Session.Caller, seen.SuppressionId!.Value) is SuppressionOutcome.Removed
                )
                {
                    Toasts.Done($"{seen.Email} will be mailed again.");
                }
                else
                {
                    Toasts.Failed($"{seen.Email} is not mailed again.", SuppressionWords.Changed);
                }
            }
        );
    }

    private Task DeleteAsync() =>
        AskAsync(
            DeletionQuestions.Contact(Contact.Email),
            async () =>
            {
                await Deleting.ExecuteAsync(Session.Caller, new SelectedContacts(Contact.Id), 1);
                Toasts.Done($"{Contact.Email} was deleted.");
            }
        );

    private async Task AskAsync(Confirmation question, Func<Task> command)
    {
        if (!await Confirmations.AskAsync(question))
        {
            return;
        }

        try
        {
            await command();
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }

        await OnChanged.InvokeAsync();
    }
}
