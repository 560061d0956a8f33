using Ledgerpost.Identity;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Account;

/// <summary>After the right password, for an account that has an authenticator.</summary>
public sealed partial class SecondStepPage
{
    private bool _wrong;
    private bool _tooMany;
    private CodeForm? _form;

    [Inject]
    public required SignIn SignIn { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    public required HttpContext HttpContext { get; init; }

    [SupplyParameterFromQuery]
    public string? ReturnUrl { get; set; }

    [SupplyParameterFromForm(FormName = "second-step", Name = "Form")]
    private CodeForm? Posted { get; set; }

    private CodeForm Form => _form ??= Posted ?? new CodeForm();

    protected override async Task OnInitializedAsync()
    {
        if (!await SignIn.HasFirstStepAsync())
        {
            Navigation.NavigateTo(PortalUrls.SignInAndReturn(LocalUrl.IsLocal(ReturnUrl) ? ReturnUrl : null));
        }
    }

    private async Task SubmitAsync()
    {
        switch (await SignIn.WithCodeAsync(Form.Code ?? "", HttpContext.RequestAborted))
        {
            case SignInAnswer.SignedIn:
                Navigation.NavigateTo(LocalUrl.OrHome(ReturnUrl));
                break;
            case SignInAnswer.LockedOut:
                Navigation.NavigateTo(PortalUrls.LockedOut);
                break;
            case SignInAnswer.TooMany:
                _tooMany = true;
                break;
            default:
                _wrong = true;
                break;
        }
    }
}

/// <summary>What the form of the second step posts.</summary>
public sealed class CodeForm
{
    public string? Code { get; set; }
}
