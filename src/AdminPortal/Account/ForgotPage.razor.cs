using AdminPortal.Hosting;
using Ledgerpost.Identity;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Account;

/// <summary>Asks for a link to choose another password. The answer is the same for every address, and takes as long.</summary>
public sealed partial class ForgotPage
{
    private bool _asked;
    private bool _tooMany;
    private ForgotForm? _form;

    [Inject]
    public required AskForReset Ask { get; init; }

    [Inject]
    public required AccountMailer Mailer { get; init; }

    [Inject]
    public required FailedAttempts Attempts { get; init; }

    [CascadingParameter]
    public required HttpContext HttpContext { get; init; }

    [SupplyParameterFromForm(FormName = "forgot", Name = "Form")]
    private ForgotForm? Posted { get; set; }

    private ForgotForm Form => _form ??= Posted ?? new ForgotForm();

    private async Task SubmitAsync()
    {
        _tooMany = Attempts.IsShut(Door.Link, HttpContext);
        if (_tooMany)
        {
            return;
        }

        // Each one counts, since none of them is known to be right.
        Attempts.Failed(Door.Link, HttpContext);
        await Ask.ExecuteAsync(Form.Email ?? "", RequestOrigin.Of(HttpContext), HttpContext.RequestAborted);
        _asked = true;
    }
}

/// <summary>What the form posts.</summary>
public sealed class ForgotForm
{
    public string? Email { get; set; }
}
