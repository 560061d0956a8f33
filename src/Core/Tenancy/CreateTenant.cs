using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>A new tenant as typed; nothing is checked yet.</summary>
/// <param name="Slug">Null: made out of the name.</param>
/// <param name="TimeZone">IANA name.</param>
/// <param name="Owner">An e-mail address; null for a tenant that only programs use at first.</param>
public sealed record TenantInput(string? Name, string? Slug = null, string? TimeZone = "UTC", string? Owner = null)
{
    public IReadOnlyList<FieldError> Problems() => Check().Errors;

    internal (ValidTenant? Tenant, IReadOnlyList<FieldError> Errors) Check()
    {
        var errors = new List<FieldError>();
        Note(nameof(Name), TenantRules.NameProblem(Name));
        var slug = Slug ?? TenantRules.SuggestSlug(Name ?? "");
        // A name that is wrong gives no address; it has been told of.
        if (Slug is not null || errors.Count == 0)
        {
            Note(nameof(Slug), TenantRules.SlugProblem(slug));
        }

        Note(nameof(TimeZone), TenantRules.TimeZoneProblem(TimeZone));
        EmailAddress? owner = null;
        if (Owner is not null && !EmailAddress.TryParse(Owner, out owner, out var reason))
        {
            Note(nameof(Owner), reason);
        }

        return errors.Count > 0 ? (null, errors) : (new ValidTenant(Name!.Trim(), slug, TimeZone!, owner), errors);

        void Note(string field, string? problem)
        {
            if (problem is not null)
            {
                errors.Add(new FieldError(field, problem));
            }
        }
    }
}

internal sealed record ValidTenant(string Name, string Slug, string TimeZone, EmailAddress? Owner);

/// <summary>An operator makes a tenant and may name its first owner.</summary>
/// <param name="mailer">Null where links are handed over by hand.</param>
public sealed class CreateTenant(PortalDb portal, AccountMailer? mailer = null)
{
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<CreateTenantResult> ExecuteAsync(
        Actor actor,
        TenantInput input,
        ICommandRecord? record,
        CancellationToken cancellation
    )
    {
        var (valid, errors) = input.Check();
        return valid is null
            ? new CreateTenantResult.Invalid(errors)
            : await portal.OperatorCommandAsync(
                actor,
                record,
                (command, token) => CreateAsync(command, valid, token),
                cancellation
            );
    }

    private async Task<CreateTenantResult> CreateAsync(
        CommandContext command,
        ValidTenant input,
        CancellationToken cancellation
    )
    {
        var taken = await command.Db.Tenants.SingleOrDefaultAsync(row => row.Slug == input.Slug, cancellation);
        if (taken is not null)
        {
            return new CreateTenantResult.SlugTaken(taken.Id);
        }

        var tenant = new Tenant
        {
            Id = command.Ids.New(),
            Name = input.Name,
            Slug = input.Slug,
            TimeZone = input.TimeZone,
            CreatedAt = command.Now,
        };
        command.Db.Tenants.Add(tenant);
        var links = input.Owner is { } owner
            ? await NewMember.AddAsync(command, tenant.Id, owner, TenantRole.Owner, cancellation)
            : null;
        var email = links?.User.Email;
        command.Audit(
            "tenant.created",
            "tenant",
            tenant.Id.ToString(),
            tenant.Name,
            new { tenant.Slug, owner = email }
        );
        // The tenant's own log begins with who made it.
        await AuditLog.AppendAsync(
            command.Db,
            tenant.Id,
            command.Actor,
            command.Now,
            "tenant.created",
            "tenant",
            tenant.Id.ToString(),
            tenant.Name,
            new { owner = email },
            cancellation
        );
        var mailed = false;
        if (links is not null)
        {
            (links, mailed) = links.HandOver(mailer, command, tenant.Name);
        }

        return new CreateTenantResult.Created(
            TenantRow.Of(tenant),
            email,
            links?.SetUpToken,
            links?.InvitationToken,
            mailed
        );
    }
}

public abstract record CreateTenantResult
{
    /// <param name="OwnerEmail">Null when none was named.</param>
    /// <param name="SetUpToken">For an owner whose account was made here, shown once.</param>
    /// <param name="InvitationToken">
    /// For an owner who has an account, shown once; the tenant has no owner before they have accepted. Both tokens are null
    /// when the operator is the owner.
    /// </param>
    /// <param name="Mailed">The link went to the owner themselves and nobody else sees it: no token, or an empty one.</param>
    public sealed record Created(
        TenantRow Tenant,
        string? OwnerEmail,
        string? SetUpToken,
        string? InvitationToken,
        bool Mailed = false
    ) : CreateTenantResult
    {
        public Guid TenantId => Tenant.Id;
        public string Slug => Tenant.Slug;
    }

    public record Invalid(IReadOnlyList<FieldError> Errors) : CreateTenantResult;

    /// <param name="TenantId">Whose address it is.</param>
    public sealed record SlugTaken(Guid TenantId)
        : Invalid([new FieldError(nameof(TenantInput.Slug), "Another organisation has this address already.")]);
}
