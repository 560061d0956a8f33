using Ledgerpost.Identity;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Account;

public sealed partial class SignInPage
{
    private bool _wrong;
    private bool _tooMany;
    private SignInForm? _form;

    [Inject]
    public required SignIn SignIn { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    public required HttpContext HttpContext { get; init; }

    [SupplyParameterFromQuery]
    public string? ReturnUrl { get; set; }

    /// <summary>Why the session before is over.</summary>
    [SupplyParameterFromQuery(Name = "ended")]
    public string? Ended { get; set; }

    private string? EndedSentence =>
        Enum.TryParse<SessionEnd>(Ended, ignoreCase: true, out var why)
            ? why switch
            {
                SessionEnd.Revoked => "This session was ended from another one of yours, so the page was closed.",
                SessionEnd.PasswordChanged => "The password of this account was changed, so every session was ended.",
                SessionEnd.RightsTaken =>
                    "You are not an operator of this installation any more, so you were signed out everywhere.",
                SessionEnd.Expired => "You were signed out because the session was too old, or not used for 12 hours.",
                _ => "This session is over, so the page was closed.",
            }
            : null;

    [SupplyParameterFromForm(FormName = "sign-in", Name = "Form")]
    private SignInForm? Posted { get; set; }

    private SignInForm Form => _form ??= Posted ?? new SignInForm();

    protected override void OnInitialized()
    {
        if (HttpMethods.IsGet(HttpContext.Request.Method) && HttpContext.User.UserId() is not null)
        {
            Navigation.NavigateTo(LocalUrl.OrHome(ReturnUrl));
        }
    }

    private async Task SubmitAsync()
    {
        switch (await SignIn.ExecuteAsync(Form.Email, Form.Password, HttpContext.RequestAborted))
        {
            case SignInAnswer.SignedIn:
                Navigation.NavigateTo(LocalUrl.OrHome(ReturnUrl));
                break;
            case SignInAnswer.SecondStep:
                Navigation.NavigateTo(PortalUrls.SecondStep(LocalUrl.IsLocal(ReturnUrl) ? ReturnUrl : null));
                break;
            case SignInAnswer.TooMany:
                _tooMany = true;
                break;
            // Wrong, or closed: which of them, only whoever has the password may learn, and not by trying it here.
            default:
                _wrong = true;
                break;
        }
    }
}

/// <summary>What the sign-in form posts.</summary>
public sealed class SignInForm
{
    private string? _email;
    private string? _password;

    public string Email
    {
        get => _email ?? "";
        set => _email = value;
    }

    public string Password
    {
        get => _password ?? "";
        set => _password = value;
    }
}
