using Microsoft.AspNetCore.Components;

namespace AdminPortal.Account;

/// <summary>Asks first: signing out by a mere link could be done to a person by any page that they visit.</summary>
public sealed partial class SignOutPage
{
    [Inject]
    public required SignIn SignIn { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    public required HttpContext HttpContext { get; init; }

    private string? Person => HttpContext.User.UserId() is null ? null : HttpContext.User.Email();

    private async Task SubmitAsync()
    {
        await SignIn.OutAsync(HttpContext.RequestAborted);
        Navigation.NavigateTo(PortalUrls.SignOut);
    }
}
