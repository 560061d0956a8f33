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
            case SignInOutcome.SignedIn:
                Navigation.NavigateTo(LocalUrl.OrHome(ReturnUrl));
                break;
            case SignInOutcome.LockedOut:
                Navigation.NavigateTo(PortalUrls.LockedOut);
                break;
            case SignInOutcome.TooMany:
                _tooMany = true;
                break;
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
