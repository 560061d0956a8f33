using AdminPortal.Account;
using AdminPortal.Components.Shared;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace AdminPortal.Features.You;

public sealed partial class SessionsPage
{
    private IReadOnlyList<UserSession>? _sessions;
    private IReadOnlyList<SignInRecord>? _attempts;
    private Actor? _me;
    private string? _failed;
    private bool _busy;

    [Inject]
    public required SessionList List { get; init; }

    [Inject]
    public required EndSessions End { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<SessionsPage> Logger { get; init; }

    [CascadingParameter]
    public required Task<AuthenticationState> Authentication { get; init; }

    private Guid? Here => _me?.SessionId;

    protected override async Task OnInitializedAsync()
    {
        _me = (await Authentication).User.AsMember();
        await LoadAsync();
    }

    private async Task LoadAsync()
    {
        _failed = null;
        if (_me?.UserId is not { } userId)
        {
            return;
        }

        try
        {
            _sessions = await List.OpenAsync(userId, CancellationToken.None);
            _attempts = await List.HistoryAsync(userId, CancellationToken.None);
        }
        catch (Exception exception)
        {
            Logger.LogError(exception, "The sessions of a person could not be read.");
            _failed = "Your sessions could not be read.";
        }
    }

    private Task EndAsync(UserSession session) =>
        RunAsync(async me =>
        {
            if (await End.ExecuteAsync(me, session.Id, CancellationToken.None))
            {
                Toasts.Done($"{session.Browser} was signed out.", "What is open there closes within a minute.");
            }
            else
            {
                Toasts.Note("This session was over already.");
            }
        });

    private Task EndOthersAsync() =>
        RunAsync(async me =>
        {
            var ended = await End.ExecuteForOthersAsync(me, CancellationToken.None);
            Toasts.Done(
                ended == 1 ? "One other session was ended." : $"{ended} other sessions were ended.",
                "What is open there closes within a minute."
            );
        });

    private async Task RunAsync(Func<Actor, Task> command)
    {
        if (_busy || _me is null)
        {
            return;
        }

        _busy = true;
        try
        {
            await command(_me);
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message);
        }
        finally
        {
            _busy = false;
        }

        await LoadAsync();
    }
}
