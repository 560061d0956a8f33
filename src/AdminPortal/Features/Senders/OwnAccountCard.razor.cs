using AdminPortal.Components.Shared;
using AdminPortal.Hosting;
using AdminPortal.Tenancy;
using Ledgerpost.Contacts;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Senders;

/// <summary>The tenant's own account at the provider: its key and its webhook secrets, of which four characters are shown.</summary>
public sealed partial class OwnAccountCard
{
    private IReadOnlyList<FieldError> _errors = [];
    private OwnAccountView? _view;
    private string? _key;
    private string? _secret;
    private string? _problem;
    private bool _typing;
    private bool _busy;

    // A new one for each secret, so that the field of the last one is empty.
    private int _form;

    [Inject]
    public required OwnAccountOverview Overview { get; init; }

    [Inject]
    public required SetOwnKey Set { get; init; }

    [Inject]
    public required RemoveOwnKey Leave { get; init; }

    [Inject]
    public required AddOwnWebhookSecret AddSecret { get; init; }

    [Inject]
    public required RemoveOwnWebhookSecret RemoveSecret { get; init; }

    [Inject]
    public required PortalOptions Portal { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<OwnAccountCard> Logger { get; init; }

    [Parameter, EditorRequired]
    public required TenantSession Session { get; set; }

    [Parameter]
    public EventCallback OnChanged { get; set; }

    // By its id: its name in addresses may change.
    private string Url => $"{Portal.PublicUrl}/webhooks/resend/{Session.TenantId}";

    protected override Task OnInitializedAsync() => LoadAsync();

    private async Task LoadAsync() => _view = await Overview.ExecuteAsync(Session.Caller);

    private async Task SaveAsync()
    {
        if (
            _view?.Key is not null
            && !await Confirmations.AskAsync(
                new Confirmation(
                    "Replace the key?",
                    [
                        "A key of the same account takes over at once, and what is being sent goes on.",
                        "A key of another account: its domains have to be verified there first, campaigns from them stop until then, and nobody is mailed twice.",
                        "Where nothing was sent with the former key, its signing secrets go: enter those of the new one.",
                    ],
                    "Replace the key"
                )
            )
        )
        {
            return;
        }

        await TryAsync(
            () => Set.ExecuteAsync(Session.Caller, _key),
            () => (_typing, _key) = (false, null),
            "The key was kept."
        );
    }

    private async Task LeaveAsync()
    {
        var question = new Confirmation(
            "Go back to the installation's account?",
            [
                "Domains of your own account are registered at the installation's; set their new records, and nothing goes out from them until they are verified.",
                .. _view is { Campaigns: { Count: > 0 } campaigns }
                    ? new[]
                    {
                        $"Not finished: {string.Join(", ", campaigns)}. They stop before their next mail, and can be resumed once their domain is verified; nobody is mailed twice.",
                    }
                    : [],
                "What is in doubt is repeated through your own account, a day at most; then its key is deleted here.",
                "At the provider nothing is deleted. A key of the same account, entered again, takes its domains up again.",
            ],
            "Go back",
            Danger: true
        );
        if (await Confirmations.AskAsync(question))
        {
            await TryAsync(
                () => Leave.ExecuteAsync(Session.Caller),
                () => _typing = false,
                "Mail goes through the installation's account again."
            );
        }
    }

    private Task AddSecretAsync() =>
        TryAsync(
            () => AddSecret.ExecuteAsync(Session.Caller, _secret),
            () => (_form, _secret) = (_form + 1, null),
            "The secret was added."
        );

    private async Task RemoveSecretAsync(WebhookSecretView secret)
    {
        var question = new Confirmation(
            $"Remove the secret ending in {secret.LastFour}?",
            ["Events that it signs are refused from then on."],
            "Remove secret",
            Danger: true
        );
        if (await Confirmations.AskAsync(question))
        {
            await TryAsync(
                () => RemoveSecret.ExecuteAsync(Session.Caller, secret.Id),
                () => { },
                "The secret was removed."
            );
        }
    }

    private async Task TryAsync(Func<Task<OwnAccountOutcome>> command, Action done, string said)
    {
        (_busy, _errors, _problem) = (true, [], null);
        try
        {
            switch (await command())
            {
                case OwnAccountOutcome.Invalid invalid:
                    _errors = invalid.Errors;
                    return;
                case OwnAccountOutcome.Saved saved and ({ Proof: KeyProof.AnotherAccount } or { DomainsMoved: > 0 }):
                    Toasts.Note(
                        saved.Proof switch
                        {
                            KeyProof.AnotherAccount => "The key belongs to another account than before.",
                            KeyProof.TakenUp => "It is the account that you had before.",
                            _ => "The key was kept.",
                        },
                        saved.Proof == KeyProof.TakenUp
                            ? $"{Words.Count(saved.DomainsMoved, "domain is", "domains are")} looked at there now. Once they are verified, resume what had stopped."
                            : $"{Words.Count(saved.DomainsMoved, "domain is", "domains are")} registered there now; nothing goes out from them until they are verified."
                    );
                    break;
                default:
                    Toasts.Done(said);
                    break;
            }

            done();
            await LoadAsync();
            await OnChanged.InvokeAsync();
        }
        catch (AccessDeniedException denied)
        {
            _problem = denied.Message;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "A tenant's own provider account could not be changed");
            _problem = "That did not work. " + Words.Kept(failure);
        }
        finally
        {
            _busy = false;
        }
    }
}
