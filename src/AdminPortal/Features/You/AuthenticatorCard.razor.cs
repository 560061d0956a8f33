using AdminPortal.Components.Shared;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.You;

/// <summary>Sets the authenticator app up, takes it away, makes new recovery codes.</summary>
public sealed partial class AuthenticatorCard
{
    private string? _secret;
    private string _code = "";
    private string? _problem;
    private IReadOnlyList<string>? _codes;
    private Ask? _asked;
    private bool _busy;

    private enum Ask
    {
        Disable,
        Codes,
    }

    [Inject]
    public required EnableAuthenticator Enable { get; init; }

    [Inject]
    public required ChangeSecondFactor Change { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Parameter, EditorRequired]
    public required Actor Me { get; set; }

    [Parameter, EditorRequired]
    public required SecondFactorView View { get; set; }

    /// <summary>The account's name in the app.</summary>
    [Parameter, EditorRequired]
    public required string Email { get; set; }

    [Parameter]
    public EventCallback OnChanged { get; set; }

    private RenderFragment CodeField =>
        builder =>
        {
            builder.OpenComponent<CodeField>(0);
            builder.AddComponentParameter(1, nameof(You.CodeField.Value), _code);
            builder.AddComponentParameter(2, nameof(You.CodeField.Problem), _problem);
            builder.AddComponentParameter(
                3,
                nameof(You.CodeField.ValueChanged),
                EventCallback.Factory.Create<string>(this, typed => _code = typed)
            );
            builder.CloseComponent();
        };

    private void Begin() => (_secret, _code, _problem) = (Totp.NewSecret(), "", null);

    private void Close() => (_secret, _asked, _code, _problem) = (null, null, "", null);

    private Task EnableAsync() =>
        RunAsync(async () =>
        {
            if (
                _secret is { } secret
                && await Enable.ExecuteAsync(Me, secret, _code, CancellationToken.None) is { } codes
            )
            {
                Close();
                _codes = codes;
                return;
            }

            _problem = "This is not the app's code. Look whether the phone's clock is right, and type the next one.";
        });

    private Task ProveAsync() =>
        RunAsync(async () =>
        {
            if (_asked == Ask.Codes)
            {
                if (await Change.RenewCodesAsync(Me, _code, CancellationToken.None) is { } codes)
                {
                    Close();
                    _codes = codes;
                    return;
                }
            }
            else if (await Change.DisableAsync(Me, _code, CancellationToken.None))
            {
                Close();
                Toasts.Done("The authenticator is off.", "Its recovery codes have stopped working too.");
                return;
            }

            _problem = "This code is not right, or was used already. Wait for the next one and try again.";
        });

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
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message);
        }
        finally
        {
            _busy = false;
        }

        await OnChanged.InvokeAsync();
    }
}
