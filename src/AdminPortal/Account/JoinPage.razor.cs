using AdminPortal.Hosting;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Account;

/// <summary>Shows an invitation and asks; only the posted form joins.</summary>
public sealed partial class JoinPage
{
    private bool _tooMany;
    private JoinAnswer? _answer;

    [Inject]
    public required JoinTenant JoinTenant { get; init; }

    [Inject]
    public required FailedAttempts Attempts { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    public required HttpContext HttpContext { get; init; }

    [Parameter]
    public required string Token { get; set; }

    protected override async Task OnInitializedAsync()
    {
        // The token is in the address: no other site may learn it.
        HttpContext.Response.Headers["Referrer-Policy"] = "no-referrer";
        if (HttpContext.User.UserId() is null)
        {
            Navigation.NavigateTo(PortalUrls.SignInAndReturn(PortalUrls.Join(Token)));
            return;
        }

        _tooMany = Attempts.IsShut(Door.Link, HttpContext);
        if (_tooMany)
        {
            return;
        }

        await AskAsync(JoinTenant.LookAsync);
        if (_answer is JoinAnswer.Over or JoinAnswer.OtherAccount)
        {
            Attempts.Failed(Door.Link, HttpContext);
        }
    }

    private async Task SubmitAsync()
    {
        if (HttpContext.User.UserId() is null || _tooMany)
        {
            return;
        }

        await AskAsync(JoinTenant.ExecuteAsync);
        if (_answer is JoinAnswer.Joined joined)
        {
            Navigation.NavigateTo(PortalUrls.Tenant(joined.Slug));
        }
    }

    private async Task AskAsync(Func<string, Actor, CancellationToken, Task<JoinAnswer>> ask)
    {
        try
        {
            _answer = await ask(Token, HttpContext.User.AsMember(), HttpContext.RequestAborted);
        }
        catch (AccessDeniedException)
        {
            // Signed out from elsewhere between this request's look at the cookie and the question.
            Navigation.NavigateTo(
                PortalUrls.SignInAndReturn(PortalUrls.Join(Token), PortalUrls.Ended(SessionEnd.Unknown))
            );
        }
    }
}
