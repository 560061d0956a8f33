using AdminPortal.Components.Shared;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace AdminPortal.Features.You;

/// <summary>A person's passkeys. Adding one goes through the browser and an address of its own, since the question is kept in a cookie.</summary>
public sealed partial class PasskeyCard
{
    private IReadOnlyList<PasskeyLine>? _lines;
    private PasskeyLine? _renaming;
    private string _name = "";
    private string _new = "";
    private string? _problem;
    private bool _busy;

    [Inject]
    public required Passkeys Keys { get; init; }

    [Inject]
    public required IJSRuntime Browser { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Parameter, EditorRequired]
    public required Actor Me { get; set; }

    protected override Task OnInitializedAsync() => LoadAsync();

    private async Task LoadAsync() => _lines = await Keys.ReadAsync(Me.UserId!.Value, CancellationToken.None);

    private Task AddAsync() =>
        RunAsync(async () =>
        {
            var problem = await Browser.InvokeAsync<string>("ledgerpostPasskeys.add", TimeSpan.FromMinutes(6), _new);
            _problem = problem.Length == 0 ? null : problem;
            if (_problem is null)
            {
                _new = "";
                Toasts.Done("The passkey was added.", "From now on it signs you in.");
            }
        });

    private void BeginRename(PasskeyLine line) => (_renaming, _name) = (line, line.Name);

    private Task RenameAsync(PasskeyLine line) =>
        RunAsync(async () =>
        {
            await Keys.RenameAsync(Me, line.CredentialId, _name, CancellationToken.None);
            _renaming = null;
        });

    private async Task RemoveAsync(PasskeyLine line)
    {
        var sure = await Confirmations.AskAsync(
            new Confirmation(
                $"Remove “{line.Name}”?",
                ["It signs you in no more. What it opened stays open until you end the session; your password stays."],
                "Remove the passkey",
                Danger: true
            )
        );
        if (sure)
        {
            await RunAsync(async () => await Keys.RemoveAsync(Me, line.CredentialId, CancellationToken.None));
        }
    }

    private async Task RunAsync(Func<Task> command)
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        try
        {
            await command();
            await LoadAsync();
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message);
        }
        finally
        {
            _busy = false;
        }
    }
}
