using AdminPortal.Account;
using AdminPortal.Components.Layout;
using AdminPortal.Hosting;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components.Authorization;

namespace AdminPortal.Tenancy;

/// <summary>Fills the frame for the signed-in person.</summary>
internal sealed class PortalShell(
    AuthenticationStateProvider authentication,
    TenantDirectory directory,
    ProviderEndpoint provider,
    EmbeddedEmulator emulator,
    InstallationNotices notices
) : IShellData
{
    public async Task<ShellView> LoadAsync(string? tenantSlug, CancellationToken ct)
    {
        var person = (await authentication.GetAuthenticationStateAsync()).User;
        if (person.UserId() is not { } userId)
        {
            return ShellView.Empty;
        }

        var tenants = await directory.OfPersonAsync(userId, ct);
        var here = tenants.FirstOrDefault(tenant => tenant.Slug == tenantSlug);
        return new ShellView(
            new ShellPerson(person.DisplayName(), person.Email(), person.IsOperator()),
            [.. tenants.Select(Shown)],
            here is null ? null : Shown(here),
            ShellBanner.Of(await notices.ReadAsync(ct)),
            provider.Mode == ProviderMode.Emulator,
            emulator.InboxUrl,
            here is not null && TimeZoneInfo.TryFindSystemTimeZoneById(here.TimeZone, out var zone) ? zone : null
        );
    }

    private static ShellTenant Shown(TenantEntry tenant) => new(tenant.Slug, tenant.Name, tenant.Role.ToString());
}
