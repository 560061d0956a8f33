using System.Globalization;
using AdminPortal.Components.Shared;
using AdminPortal.Features.Tenants;
using AdminPortal.Hosting;
using AdminPortal.Tenancy;
using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Settings;

public sealed partial class SettingsPage
{
    private ChangeTenantResult.Invalid? _problem;
    private TenantSession? _before;
    private string _name = "";
    private string _timeZone = "UTC";
    private bool _secondFactor;
    private bool _mailsAnchors;
    private bool _busy;

    [Inject]
    public required ChangeTenant ChangeTenant { get; init; }

    [Inject]
    public required DeleteTenant Delete { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required AccountMailer Mailer { get; init; }

    [Inject]
    public required PortalOptions Options { get; init; }

    [Inject]
    public required TimeProvider Time { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    public required TenantSession Tenant { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    private bool MayChange => Tenant.Can(TenantRole.Admin);

    private bool IsOwner => Tenant.Can(TenantRole.Owner);

    // Whoever may change nothing here was told so above.
    private string OwnersWord => MayChange && !IsOwner ? " Only an owner decides this." : "";

    private string Now =>
        TimeZoneInfo.TryFindSystemTimeZoneById(_timeZone, out var zone)
            ? TimeZoneInfo.ConvertTime(Time.GetUtcNow(), zone).ToString("HH:mm", CultureInfo.InvariantCulture)
            : "";

    protected override void OnInitialized() =>
        (_before, _name, _timeZone, _secondFactor, _mailsAnchors) = (
            Tenant,
            Tenant.Name,
            Tenant.TimeZone,
            Tenant.RequiresSecondFactor,
            Tenant.MailsAnchors
        );

    private async Task SaveAsync()
    {
        if (_busy || !MayChange)
        {
            return;
        }

        _busy = true;
        try
        {
            var result = await ChangeTenant.ExecuteAsync(
                Tenant.Caller,
                // Left alone, it stays as somebody else may have set it meanwhile.
                new TenantChange(
                    _name == _before!.Name ? null : _name,
                    _timeZone == _before.TimeZone ? null : _timeZone,
                    _secondFactor == _before.RequiresSecondFactor ? null : _secondFactor,
                    _mailsAnchors == _before.MailsAnchors ? null : _mailsAnchors
                ),
                CancellationToken.None
            );
            _problem = result as ChangeTenantResult.Invalid;
            if (result is ChangeTenantResult.Done)
            {
                // The frame shows name and times too; a fresh load brings all of them.
                Navigation.NavigateTo(PortalUrls.Settings(Tenant.Slug), forceLoad: true);
            }
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }
        finally
        {
            _busy = false;
        }
    }

    private async Task DeleteAsync()
    {
        try
        {
            var holdings = await Delete.LookAsync(Tenant.Caller, CancellationToken.None);
            if (!await Confirmations.AskAsync(TenantDeletionQuestion.Of(holdings)))
            {
                return;
            }

            if (
                await Delete.ExecuteAsync(Tenant.Caller, holdings.Name, CancellationToken.None)
                is DeleteTenantResult.Begun
            )
            {
                Navigation.NavigateTo(PortalUrls.Home, forceLoad: true);
                return;
            }

            Toasts.Failed("It has another name by now.", "Nothing was deleted; look at it again.");
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was deleted.");
        }
        catch (TenantBusyException busy)
        {
            Toasts.Failed(busy.Message, "Nothing was deleted; try again in a minute.");
        }
    }

    private string? ProblemOf(string field) => _problem?.Errors.FirstOrDefault(error => error.Field == field)?.Message;
}
