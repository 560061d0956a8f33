using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Senders;

/// <summary>One domain: its status, its DNS records, its senders.</summary>
public sealed partial class DomainCard
{
    private bool _adding;
    private bool _busy;

    [Inject]
    public required CheckSendingDomain Check { get; init; }

    [Inject]
    public required RemoveSendingDomain Remove { get; init; }

    [Inject]
    public required RemoveSender RemoveOne { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<DomainCard> Logger { get; init; }

    [Parameter, EditorRequired]
    public required TenantSession Session { get; set; }

    [Parameter, EditorRequired]
    public required DomainView Domain { get; set; }

    [Parameter]
    public EventCallback OnChanged { get; set; }

    private Task CheckAsync() =>
        TryAsync(async () =>
        {
            switch (await Check.ExecuteAsync(Session.Caller, Domain.Id))
            {
                case DomainOutcome.Known { Status: DomainStatus.Verified }:
                    Toasts.Done($"{Domain.Name} is verified.");
                    break;
                case DomainOutcome.Known:
                    Toasts.Note(
                        $"{Domain.Name} is not verified yet.",
                        "The provider looks again by itself; come back later."
                    );
                    break;
                case DomainOutcome.Refused refused:
                    Toasts.Failed(refused.Reason);
                    break;
                case DomainOutcome.Waiting:
                    Toasts.Failed("The provider did not answer.", "Nothing was changed. Try again in a while.");
                    break;
                default:
                    Toasts.Note("The domain was removed meanwhile.");
                    break;
            }
        });

    private async Task RemoveAsync()
    {
        var question = new Confirmation(
            $"Remove {Domain.Name}?",
            [
                "Nothing can be sent from it any more, and its senders are removed.",
                "Mail that went out before is not touched.",
            ],
            "Remove the domain",
            Danger: true,
            Type: Domain.Name
        );
        if (await Confirmations.AskAsync(question))
        {
            await TryAsync(async () =>
            {
                switch (await Remove.ExecuteAsync(Session.Caller, Domain.Id))
                {
                    case DomainOutcome.InUse used:
                        Toasts.Failed($"“{used.Campaigns[0]}” still goes out from it.", "Nothing was removed.");
                        break;
                    case DomainOutcome.Removed { AtProviderToo: false }:
                        Toasts.Note(
                            $"{Domain.Name} was removed here.",
                            "The provider did not confirm; the operator may have to remove it there."
                        );
                        break;
                    default:
                        Toasts.Done($"{Domain.Name} was removed.");
                        break;
                }
            });
        }
    }

    private async Task RemoveSenderAsync(SenderView sender)
    {
        var question = new Confirmation(
            $"Remove the sender {sender.Address}?",
            ["Mail that went out before is not touched."],
            "Remove sender",
            Danger: true
        );
        if (await Confirmations.AskAsync(question))
        {
            await TryAsync(async () =>
            {
                if (await RemoveOne.ExecuteAsync(Session.Caller, sender.Id) is SenderOutcome.InUse used)
                {
                    Toasts.Failed($"“{used.Campaigns[0]}” still goes out from it.", "Nothing was removed.");
                }
                else
                {
                    Toasts.Done($"{sender.Address} was removed.");
                }
            });
        }
    }

    private Task SavedAsync()
    {
        _adding = false;
        Toasts.Done("The sender was added.");
        return OnChanged.InvokeAsync();
    }

    private async Task TryAsync(Func<Task> command)
    {
        _busy = true;
        try
        {
            await command();
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "A sending domain could not be changed");
            Toasts.Failed("That did not work.", Words.Kept(failure));
        }
        finally
        {
            _busy = false;
        }

        await OnChanged.InvokeAsync();
    }
}
