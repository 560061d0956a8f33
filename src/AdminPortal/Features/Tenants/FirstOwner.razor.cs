using AdminPortal.Account;
using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace AdminPortal.Features.Tenants;

/// <summary>For a tenant without members: asks for its first owner's address and shows the link, once.</summary>
public sealed partial class FirstOwner
{
    private FirstOwnerResult.Invited? _invited;
    private string _name = "";
    private string _email = "";
    private string? _problem;
    private bool _busy;

    [Inject]
    public required InviteFirstOwner Invite { get; init; }

    [Inject]
    public required AccountMailer Mailer { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [CascadingParameter]
    public required Task<AuthenticationState> Authentication { get; init; }

    /// <summary>Null: nothing is shown.</summary>
    [Parameter]
    public TenantHealth? Tenant { get; set; }

    [Parameter]
    public EventCallback OnInvited { get; set; }

    [Parameter]
    public EventCallback OnClose { get; set; }

    private async Task InviteAsync()
    {
        if (_busy || Tenant is not { } tenant)
        {
            return;
        }

        (_busy, _name) = (true, tenant.Name);
        try
        {
            var result = await Invite.ExecuteAsync(
                (await Authentication).User.AsOperator(),
                tenant.TenantId,
                _email,
                CancellationToken.None
            );
            _problem = (result as FirstOwnerResult.Invalid)?.Message;
            _invited = result as FirstOwnerResult.Invited;
            if (_invited is not null)
            {
                _email = "";
                await OnInvited.InvokeAsync();
            }
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nobody was invited.");
        }
        finally
        {
            _busy = false;
        }
    }

    private Task CloseAsync()
    {
        (_invited, _problem, _email) = (null, null, "");
        return OnClose.InvokeAsync();
    }
}
