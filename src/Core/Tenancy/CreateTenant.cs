using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>An operator makes a tenant and names its first owner.</summary>
public sealed class CreateTenant(PortalDb portal)
{
    public async Task<CreateTenantResult> ExecuteAsync(
        Actor actor,
        string name,
        string slug,
        string timeZone,
        string ownerEmail,
        CancellationToken cancellation
    )
    {
        if (Problem(name, slug, timeZone) is { } problem)
        {
            return problem;
        }

        if (!EmailAddress.TryParse(ownerEmail, out var address, out var reason))
        {
            return new CreateTenantResult.Invalid("owner", reason);
        }

        return await portal.OperatorCommandAsync<CreateTenantResult>(
            actor,
            async (command, ct) =>
            {
                if (await command.Db.Tenants.AnyAsync(tenant => tenant.Slug == slug, ct))
                {
                    return new CreateTenantResult.Invalid("slug", "Another organisation has this address already.");
                }

                var tenant = new Tenant
                {
                    Id = command.Ids.New(),
                    Name = name.Trim(),
                    Slug = slug,
                    TimeZone = timeZone,
                    CreatedAt = command.Now,
                };
                command.Db.Tenants.Add(tenant);
                var (owner, setUpToken, invitationToken) = await NewMember.AddAsync(
                    command,
                    tenant.Id,
                    address,
                    TenantRole.Owner,
                    ct
                );
                command.Audit(
                    "tenant.created",
                    "tenant",
                    tenant.Id.ToString(),
                    tenant.Name,
                    new { tenant.Slug, owner = owner.Email }
                );
                // The tenant's own log begins with who made it.
                await AuditLog.AppendAsync(
                    command.Db,
                    tenant.Id,
                    actor,
                    command.Now,
                    "tenant.created",
                    "tenant",
                    tenant.Id.ToString(),
                    tenant.Name,
                    new { owner = owner.Email },
                    ct
                );
                return new CreateTenantResult.Created(
                    tenant.Id,
                    tenant.Slug,
                    owner.Email!,
                    setUpToken,
                    invitationToken
                );
            },
            cancellation
        );
    }

    private static CreateTenantResult.Invalid? Problem(string name, string slug, string timeZone) =>
        TenantRules.NameProblem(name) is { } wrongName ? new("name", wrongName)
        : TenantRules.SlugProblem(slug) is { } wrongSlug ? new("slug", wrongSlug)
        : TenantRules.TimeZoneProblem(timeZone) is { } wrongZone ? new("timeZone", wrongZone)
        : null;
}

public abstract record CreateTenantResult
{
    /// <param name="SetUpToken">For an owner whose account was made here, shown once.</param>
    /// <param name="InvitationToken">
    /// For an owner who has an account, shown once; the tenant has no owner before they have accepted. Both tokens are null
    /// when the operator is the owner.
    /// </param>
    public sealed record Created(
        Guid TenantId,
        string Slug,
        string OwnerEmail,
        string? SetUpToken,
        string? InvitationToken
    ) : CreateTenantResult;

    /// <param name="Field"><c>name</c>, <c>slug</c>, <c>timeZone</c> or <c>owner</c>.</param>
    public sealed record Invalid(string Field, string Message) : CreateTenantResult;
}
