using AdminPortal.Hosting;
using Ledgerpost.Identity;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Account;

public sealed partial class SetUpPage
{
    private bool _tooMany;
    private SetUpInvitation? _invitation;
    private SetUpForm? _form;
    private (string Field, string Message)? _problem;

    [Inject]
    public required UseSetUpLink UseSetUpLink { get; init; }

    [Inject]
    public required SignIn SignIn { get; init; }

    [Inject]
    public required FailedAttempts Attempts { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    public required HttpContext HttpContext { get; init; }

    [Parameter]
    public required string Token { get; set; }

    [SupplyParameterFromForm(FormName = "set-up", Name = "Form")]
    private SetUpForm? Posted { get; set; }

    private SetUpForm Form => _form ??= Posted ?? new SetUpForm();

    protected override async Task OnInitializedAsync()
    {
        // The token is in the address: no other site may learn it.
        HttpContext.Response.Headers["Referrer-Policy"] = "no-referrer";
        _tooMany = Attempts.IsShut(Door.Link, HttpContext);
        if (_tooMany)
        {
            return;
        }

        _invitation = await UseSetUpLink.LookAsync(Token, HttpContext.RequestAborted);
        if (_invitation is null)
        {
            Attempts.Failed(Door.Link, HttpContext);
        }
    }

    private async Task SubmitAsync()
    {
        if (_invitation is null)
        {
            return;
        }

        if (!string.Equals(Form.Password, Form.Again, StringComparison.Ordinal))
        {
            _problem = ("again", "The two passwords are not the same.");
            return;
        }

        var result = await UseSetUpLink.ExecuteAsync(
            Token,
            Form.Email,
            Form.Name,
            Form.Password ?? "",
            HttpContext.User.From() ?? HttpContext.Connection.RemoteIpAddress?.ToString(),
            HttpContext.RequestAborted
        );
        switch (result)
        {
            case SetUpResult.Done done:
                await SignIn.AsAsync(done.UserId, SignInMethod.Link, HttpContext.RequestAborted);
                Navigation.NavigateTo(PortalUrls.Home);
                break;
            case SetUpResult.Invalid invalid:
                _problem = (invalid.Field, invalid.Message);
                break;
            default:
                _invitation = null;
                break;
        }
    }

    private string? ProblemOf(string field) => _problem?.Field == field ? _problem?.Message : null;

    private string? Invalid(string field) => ProblemOf(field) is null ? null : "true";
}

/// <summary>What the set-up form posts.</summary>
public sealed class SetUpForm
{
    public string? Email { get; set; }
    public string? Name { get; set; }
    public string? Password { get; set; }
    public string? Again { get; set; }
}
