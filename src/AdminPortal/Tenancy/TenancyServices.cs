using AdminPortal.Features.Dashboard;
using AdminPortal.Features.Tenants;
using Ledgerpost.Audit;
using Ledgerpost.Deletion;
using Ledgerpost.Tenancy;

namespace AdminPortal.Tenancy;

internal static class TenancyServices
{
    public static void AddPortalTenancy(this IServiceCollection services)
    {
        services.AddSingleton<InstallationNotices>();
        services.AddSingleton<CreateTenant>();
        services.AddSingleton<InviteFirstOwner>();
        services.AddSingleton<ChangeTenant>();
        services.AddSingleton<ChangeTenantAsOperator>();
        services.AddSingleton<TenantList>();
        services.AddSingleton<DeletionSignal>();
        services.AddSingleton<DeleteTenant>();
        services.AddSingleton<DeleteTenants>();
        services.AddSingleton<ExportPerson>();
        services.AddSingleton<ErasePerson>();
        services.AddSingleton<AddMember>();
        services.AddSingleton<ChangeMemberRole>();
        services.AddSingleton<RemoveMember>();
        services.AddSingleton<LeaveTenant>();
        services.AddSingleton<RenewSetUpLink>();
        services.AddSingleton<RenewInvitation>();
        services.AddSingleton<RevokeInvitation>();
        services.AddSingleton<JoinTenant>();
        services.AddSingleton<MemberList>();
        services.AddSingleton<AuditQuery>();
        services.AddSingleton<ExportAuditLog>();
        services.AddSingleton<TenantHealthList>();
        services.AddSingleton<DashboardQuery>();
    }
}
