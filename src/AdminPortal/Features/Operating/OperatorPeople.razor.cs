using AdminPortal.Account;
using AdminPortal.Components.Shared;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace AdminPortal.Features.Operating;

/// <summary>The people who run the installation.</summary>
public sealed partial class OperatorPeople
{
    private IReadOnlyList<OperatorRow>? _people;
    private OperatorOutcome.Added? _added;
    private Guid? _me;
    private string _email = "";
    private string? _problem;
    private string? _failed;
    private bool _busy;

    [Inject]
    public required OperatorList List { get; init; }

    [Inject]
    public required AddOperator Add { get; init; }

    [Inject]
    public required RemoveOperator Remove { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required ILogger<OperatorPeople> Logger { get; init; }

    [CascadingParameter]
    public required Task<AuthenticationState> Authentication { get; init; }

    protected override Task OnInitializedAsync() => LoadAsync();

    private async Task<Actor> ActorAsync() => (await Authentication).User.AsOperator();

    private bool MayGo(OperatorRow person) => _people!.Any(other => other.IsReady && other.UserId != person.UserId);

    private async Task LoadAsync()
    {
        _failed = null;
        try
        {
            var actor = await ActorAsync();
            _me = actor.UserId;
            _people = await List.ExecuteAsync(actor, CancellationToken.None);
        }
        catch (AccessDeniedException denied)
        {
            _failed = denied.Message;
        }
        catch (Exception exception)
        {
            Logger.LogError(exception, "The operators could not be read.");
            _failed = "The operators could not be read.";
        }
    }

    private async Task AddAsync()
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        try
        {
            var outcome = await Add.ExecuteAsync(await ActorAsync(), _email, CancellationToken.None);
            _problem = (outcome as OperatorOutcome.Invalid)?.Message;
            _added = outcome as OperatorOutcome.Added;
            if (_added is not null)
            {
                _email = "";
                await LoadAsync();
            }
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nobody was added.");
        }
        finally
        {
            _busy = false;
        }
    }

    private async Task RemoveAsync(OperatorRow person)
    {
        var sure = await Confirmations.AskAsync(
            new Confirmation(
                $"Take the operator's rights of {person.Email}?",
                [
                    "They are signed out everywhere, and nothing of the installation is theirs to do any more.",
                    "Their account stays, with what they are in organisations. It cannot become an operator's again.",
                    "A program's key works on, whoever made it: revoke those that they know.",
                ],
                "Take the rights",
                Danger: true
            )
        );
        if (!sure || _busy)
        {
            return;
        }

        _busy = true;
        try
        {
            switch (await Remove.ExecuteAsync(await ActorAsync(), person.UserId, CancellationToken.None))
            {
                case OperatorOutcome.Removed when person.UserId == _me:
                    // Nothing here is theirs to see any more, and their session is over: the sign-in page says so.
                    Navigation.NavigateTo(
                        PortalUrls.SignInAndReturn(null, PortalUrls.Ended(SessionEnd.RightsTaken)),
                        forceLoad: true
                    );
                    return;
                case OperatorOutcome.Removed removed:
                    Toasts.Done(
                        $"{removed.Email} is not an operator any more.",
                        "It stands in the installation's log."
                    );
                    break;
                case OperatorOutcome.Last:
                    Toasts.Failed(
                        "Nobody else could run the installation.",
                        "Add another operator first; nothing was changed."
                    );
                    break;
                default:
                    Toasts.Note("They are not an operator any more.");
                    break;
            }

            if (_added?.Email == person.Email)
            {
                _added = null;
            }
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }
        finally
        {
            _busy = false;
        }

        await LoadAsync();
    }
}
