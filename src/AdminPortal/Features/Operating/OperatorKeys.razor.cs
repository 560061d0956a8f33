using AdminPortal.Account;
using AdminPortal.Components.Shared;
using Ledgerpost.Contacts;
using Ledgerpost.Programs;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace AdminPortal.Features.Operating;

/// <summary>The keys with which programs act as operators.</summary>
public sealed partial class OperatorKeys
{
    private IReadOnlyList<OperatorKeyRow>? _keys;
    private OperatorKeyOutcome.Created? _created;
    private IReadOnlyList<FieldError> _errors = [];
    private string _name = "";
    private string? _failed;
    private bool _busy;

    [Inject]
    public required OperatorKeyList List { get; init; }

    [Inject]
    public required MakeOperatorKey Make { get; init; }

    [Inject]
    public required RevokeOperatorKey Revoke { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required ILogger<OperatorKeys> Logger { get; init; }

    [CascadingParameter]
    public required Task<AuthenticationState> Authentication { get; init; }

    /// <summary>The form for a new one is open.</summary>
    [Parameter]
    public bool Adding { get; set; }

    protected override Task OnInitializedAsync() => LoadAsync();

    protected override void OnParametersSet()
    {
        // Whoever cancels and comes again begins anew.
        if (!Adding)
        {
            (_name, _errors) = ("", []);
        }
    }

    private async Task<Actor> ActorAsync() => (await Authentication).User.AsOperator();

    private async Task LoadAsync()
    {
        _failed = null;
        try
        {
            _keys = await List.ExecuteAsync(await ActorAsync(), CancellationToken.None);
        }
        catch (AccessDeniedException denied)
        {
            _failed = denied.Message;
        }
        catch (Exception exception)
        {
            Logger.LogError(exception, "The operators' keys could not be read.");
            _failed = "The keys could not be read.";
        }
    }

    private Task MakeAsync() =>
        DoAsync(
            async actor =>
            {
                switch (await Make.ExecuteAsync(actor, _name, CancellationToken.None))
                {
                    case OperatorKeyOutcome.Created created:
                        (_created, _name, _errors) = (created, "", []);
                        Navigation.NavigateTo(PortalUrls.Operators());
                        break;
                    case OperatorKeyOutcome.Invalid invalid:
                        _errors = invalid.Errors;
                        break;
                }
            },
            "No key was made."
        );

    private async Task RevokeAsync(OperatorKeyRow key)
    {
        var sure = await Confirmations.AskAsync(KeyRevocation.Question(key.Name, key.Ending));
        if (!sure)
        {
            return;
        }

        await DoAsync(
            async actor =>
            {
                var done = await Revoke.ExecuteAsync(actor, key.Id, CancellationToken.None);
                KeyRevocation.Say(Toasts, key.Name, done is OperatorKeyOutcome.Revoked);

                if (_created?.Key.Id == key.Id)
                {
                    _created = null;
                }
            },
            "Nothing was changed."
        );
    }

    /// <param name="kept">What is said where it was refused.</param>
    private async Task DoAsync(Func<Actor, Task> work, string kept)
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        try
        {
            await work(await ActorAsync());
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, kept);
        }
        finally
        {
            _busy = false;
        }

        await LoadAsync();
    }
}
