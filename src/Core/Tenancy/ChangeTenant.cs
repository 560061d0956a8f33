using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>An admin changes the tenant's name or time zone. The address stays: links and open pages hold it.</summary>
public sealed class ChangeTenant(PortalDb portal)
{
    public async Task<ChangeTenantResult> ExecuteAsync(
        Caller caller,
        string name,
        string timeZone,
        CancellationToken cancellation
    )
    {
        if (TenantRules.NameProblem(name) is { } wrongName)
        {
            return new ChangeTenantResult.Invalid("name", wrongName);
        }

        if (TenantRules.TimeZoneProblem(timeZone) is { } wrongZone)
        {
            return new ChangeTenantResult.Invalid("timeZone", wrongZone);
        }

        return await portal.CommandAsync<ChangeTenantResult>(
            caller,
            TenantRole.Admin,
            async (command, ct) =>
            {
                var tenant = await command.Db.Tenants.SingleAsync(row => row.Id == command.TenantId, ct);
                var before = new { tenant.Name, tenant.TimeZone };
                (tenant.Name, tenant.TimeZone) = (name.Trim(), timeZone);
                var after = new { tenant.Name, tenant.TimeZone };
                if (!before.Equals(after))
                {
                    command.Audit("tenant.changed", "tenant", tenant.Id.ToString(), tenant.Name, new { before, after });
                }

                return new ChangeTenantResult.Done();
            },
            cancellation
        );
    }
}

public abstract record ChangeTenantResult
{
    public sealed record Done : ChangeTenantResult;

    /// <param name="Field"><c>name</c> or <c>timeZone</c>.</param>
    public sealed record Invalid(string Field, string Message) : ChangeTenantResult;
}
