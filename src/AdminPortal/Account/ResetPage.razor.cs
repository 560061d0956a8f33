using AdminPortal.Hosting;
using Ledgerpost.Identity;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Account;

/// <summary>Where the link of a mail leads.</summary>
public sealed partial class ResetPage
{
    private bool _tooMany;
    private bool _usable;
    private string? _problem;
    private ResetForm? _form;

    [Inject]
    public required ResetPassword Reset { get; init; }

    [Inject]
    public required FailedAttempts Attempts { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    public required HttpContext HttpContext { get; init; }

    [Parameter]
    public required string Token { get; set; }

    [SupplyParameterFromForm(FormName = "reset", Name = "Form")]
    private ResetForm? Posted { get; set; }

    private ResetForm Form => _form ??= Posted ?? new ResetForm();

    protected override async Task OnInitializedAsync()
    {
        // The token is in the address: no other site may learn it.
        HttpContext.Response.Headers["Referrer-Policy"] = "no-referrer";
        _tooMany = Attempts.IsShut(Door.Link, HttpContext);
        if (_tooMany)
        {
            return;
        }

        _usable = await Reset.LookAsync(Token, HttpContext.RequestAborted);
        if (!_usable)
        {
            Attempts.Failed(Door.Link, HttpContext);
        }
    }

    private async Task SubmitAsync()
    {
        if (!_usable)
        {
            return;
        }

        if (!string.Equals(Form.Password, Form.Again, StringComparison.Ordinal))
        {
            _problem = "The two passwords are not the same.";
            return;
        }

        switch (
            await Reset.ExecuteAsync(
                Token,
                Form.Password ?? "",
                RequestOrigin.Of(HttpContext),
                HttpContext.RequestAborted
            )
        )
        {
            case PasswordOutcome.Done:
                Navigation.NavigateTo(PortalUrls.SignInAndReturn(null, PortalUrls.Ended(SessionEnd.PasswordChanged)));
                break;
            case PasswordOutcome.Invalid invalid:
                _problem = invalid.Message;
                break;
            default:
                _usable = false;
                break;
        }
    }
}

/// <summary>What the form posts.</summary>
public sealed class ResetForm
{
    public string? Password { get; set; }
    public string? Again { get; set; }
}
