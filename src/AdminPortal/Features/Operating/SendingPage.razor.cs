using AdminPortal.Account;
using AdminPortal.Components.Shared;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace AdminPortal.Features.Operating;

public sealed partial class SendingPage
{
    private HoldView? _hold;
    private bool _loaded;
    private bool _busy;
    private string? _failed;

    [Inject]
    public required ReleaseSending Release { get; init; }

    [Inject]
    public required Reconciler Reconciler { get; init; }

    [Inject]
    public required ReplaySuppressions Suppressions { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    public required Task<AuthenticationState> Authentication { get; init; }

    protected override Task OnInitializedAsync() => LoadAsync();

    private static string Gap(HoldView hold) =>
        hold.BackedUpAt is { } made
            ? $"From {Words.Exact(made, null)}, when the backup was made, to {Words.Exact(hold.Since, null)}."
            : $"From an unknown time to {Words.Exact(hold.Since, null)}.";

    private async Task<Actor> ActorAsync() => (await Authentication).User.AsOperator();

    private async Task LoadAsync()
    {
        _failed = null;
        try
        {
            _hold = await Release.ReadAsync(await ActorAsync(), CancellationToken.None);
            _loaded = true;
        }
        catch (AccessDeniedException denied)
        {
            _failed = denied.Message;
        }
    }

    private async Task ReleaseAsync(bool older)
    {
        if (_busy || _hold is not { } hold)
        {
            return;
        }

        _busy = true;
        try
        {
            if (await Release.ExecuteAsync(await ActorAsync(), hold.Reason, older, CancellationToken.None))
            {
                // The frame's banner goes with it.
                Navigation.Refresh(forceReload: true);
                return;
            }

            Toasts.Failed("Somebody else was first.", "Nothing was changed.");
            await LoadAsync();
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }
        finally
        {
            _busy = false;
        }
    }
}
