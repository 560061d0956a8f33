using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>A tenant's settings as typed; null leaves one alone. The address stays: links and open pages hold it.</summary>
/// <param name="RequiresSecondFactor">For an owner to decide: neither an admin nor an operator does.</param>
/// <param name="MailsAnchors">The same: the mails are the owners'.</param>
public sealed record TenantChange(
    string? Name,
    string? TimeZone,
    bool? RequiresSecondFactor = null,
    bool? MailsAnchors = null
)
{
    public IReadOnlyList<FieldError> Problems()
    {
        var errors = new List<FieldError>();
        if (Name is not null && TenantRules.NameProblem(Name) is { } wrongName)
        {
            errors.Add(new FieldError(nameof(Name), wrongName));
        }

        if (TimeZone is not null && TenantRules.TimeZoneProblem(TimeZone) is { } wrongZone)
        {
            errors.Add(new FieldError(nameof(TimeZone), wrongZone));
        }

        return errors;
    }

    /// <returns>What changed, for the log; null for nothing.</returns>
    internal object? Apply(Tenant tenant)
    {
        var before = Logged(tenant);
        (tenant.Name, tenant.TimeZone, tenant.RequiresSecondFactor, tenant.MailsAnchors) = (
            Name?.Trim() ?? tenant.Name,
            TimeZone ?? tenant.TimeZone,
            RequiresSecondFactor ?? tenant.RequiresSecondFactor,
            MailsAnchors ?? tenant.MailsAnchors
        );
        var after = Logged(tenant);
        return before.Equals(after) ? null : new { before, after };
    }

    /// <summary>Whether it changes what is the owners'; null and what is so already change nothing.</summary>
    internal bool IsForOwners(Tenant tenant) =>
        (RequiresSecondFactor ?? tenant.RequiresSecondFactor) != tenant.RequiresSecondFactor
        || (MailsAnchors ?? tenant.MailsAnchors) != tenant.MailsAnchors;

    private static TenantSettings Logged(Tenant tenant) =>
        new(tenant.Name, tenant.TimeZone, tenant.RequiresSecondFactor, tenant.MailsAnchors);

    private sealed record TenantSettings(string Name, string TimeZone, bool RequiresSecondFactor, bool MailsAnchors);
}

/// <summary>
/// An admin changes the tenant's name or time zone; who gets in with what, and what the owners are mailed, only an owner.
/// </summary>
public sealed class ChangeTenant(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an admin, or not an owner where it takes one.</exception>
    public async Task<ChangeTenantResult> ExecuteAsync(
        Caller caller,
        TenantChange change,
        CancellationToken cancellation
    ) =>
        change.Problems() is { Count: > 0 } errors
            ? new ChangeTenantResult.Invalid(errors)
            : await portal.CommandAsync<ChangeTenantResult>(
                caller,
                TenantRole.Admin,
                async (command, token) =>
                {
                    var tenant = await command.Db.Tenants.SingleAsync(row => row.Id == command.TenantId, token);
                    if (change.IsForOwners(tenant))
                    {
                        await Permissions.DemandAsync(command.Db, caller, TenantRole.Owner, token);
                    }

                    if (
                        change.RequiresSecondFactor == true
                        && !tenant.RequiresSecondFactor
                        && !await command.Db.Sessions.AnyAsync(
                            row => row.Id == caller.Actor.SessionId && row.SecondFactor,
                            token
                        )
                    )
                    {
                        // Whoever asks it of everybody must not be the first to stand before the door.
                        return new ChangeTenantResult.Invalid([
                            new FieldError(
                                nameof(TenantChange.RequiresSecondFactor),
                                "You signed in without a second factor. Set up your own first."
                            ),
                        ]);
                    }

                    if (change.Apply(tenant) is { } changed)
                    {
                        command.Audit("tenant.changed", "tenant", tenant.Id.ToString(), tenant.Name, changed);
                    }

                    return new ChangeTenantResult.Done(TenantRow.Of(tenant));
                },
                cancellation
            );
}

/// <summary>An operator changes them, which stands in both logs.</summary>
public sealed class ChangeTenantAsOperator(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<ChangeTenantResult> ExecuteAsync(
        Actor actor,
        Guid tenantId,
        TenantChange change,
        ICommandRecord? record,
        CancellationToken cancellation
    ) =>
        change.Problems() is { Count: > 0 } errors
            ? new ChangeTenantResult.Invalid(errors)
            : await portal.OperatorCommandAsync<ChangeTenantResult>(
                actor,
                record,
                async (command, token) =>
                {
                    var tenant = await command
                        .Db.Tenants.Living()
                        .SingleOrDefaultAsync(row => row.Id == tenantId, token);
                    if (tenant is null)
                    {
                        return new ChangeTenantResult.NotFound();
                    }

                    if ((change with { RequiresSecondFactor = null, MailsAnchors = null }).Apply(tenant) is { } changed)
                    {
                        var id = tenant.Id.ToString();
                        command.Audit("tenant.changed", "tenant", id, tenant.Name, changed);
                        await AuditLog.AppendAsync(
                            command.Db,
                            tenant.Id,
                            actor,
                            command.Now,
                            "tenant.changed",
                            "tenant",
                            id,
                            tenant.Name,
                            changed,
                            token
                        );
                    }

                    return new ChangeTenantResult.Done(TenantRow.Of(tenant));
                },
                cancellation
            );
}

public abstract record ChangeTenantResult
{
    public sealed record Done(TenantRow Tenant) : ChangeTenantResult;

    public sealed record Invalid(IReadOnlyList<FieldError> Errors) : ChangeTenantResult;

    /// <summary>Only for an operator: an admin's own tenant is there.</summary>
    public sealed record NotFound : ChangeTenantResult;
}
