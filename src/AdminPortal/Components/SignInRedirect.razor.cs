using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace AdminPortal.Components;

public sealed partial class SignInRedirect
{
    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    private Task<AuthenticationState>? Authentication { get; set; }

    protected override async Task OnInitializedAsync()
    {
        var user = Authentication is null ? null : (await Authentication).User;
        var here = "/" + Navigation.ToBaseRelativePath(Navigation.Uri);
        var target =
            user?.Identity?.IsAuthenticated == true
                ? PortalUrls.AccessDenied
                : PortalUrls.SignInAndReturn(
                    here,
                    user?.FindFirst(AdminPortal.Account.RevalidatePerson.EndedClaim)?.Value
                );
        Navigation.NavigateTo(target, forceLoad: true);
    }
}
