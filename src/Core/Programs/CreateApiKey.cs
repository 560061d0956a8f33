using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Programs;

/// <param name="Scopes">Null: all of them. An empty list is refused: whoever meant none must not get all.</param>
public sealed record ApiKeyInput(string? Name, IReadOnlyList<string>? Scopes)
{
    /// <summary>What can be told before anything is asked of the database.</summary>
    public IReadOnlyList<FieldError> Problems() => Check().Errors;

    internal (string Name, ApiScopes Scopes, IReadOnlyList<FieldError> Errors) Check()
    {
        var errors = new List<FieldError>();
        if (!PlainText.TryParse(Name, "name", ApiKey.MaxNameLength, out var name, out var reason))
        {
            errors.Add(new FieldError(nameof(Name), reason));
        }
        else if (name is null)
        {
            errors.Add(new FieldError(nameof(Name), "Give the key a name, such as the program's that will use it."));
        }

        var scopes = ApiScopes.All;
        if (Scopes is { Count: 0 })
        {
            errors.Add(new FieldError(nameof(Scopes), "Choose at least one."));
        }
        else if (Scopes is not null && !ApiScopeNames.TryParse(Scopes, out scopes))
        {
            errors.Add(new FieldError(nameof(Scopes), $"Each must be one of {string.Join(", ", ApiScopeNames.All)}."));
        }

        return (name ?? "", scopes, errors);
    }
}

public abstract record ApiKeyOutcome
{
    private ApiKeyOutcome() { }

    /// <param name="Token">Shown now and never again.</param>
    public sealed record Created(ApiKeyRow Key, string Token) : ApiKeyOutcome;

    public sealed record Revoked(ApiKeyRow Key) : ApiKeyOutcome;

    public sealed record Invalid(IReadOnlyList<FieldError> Errors) : ApiKeyOutcome;

    public sealed record NotFound : ApiKeyOutcome;

    /// <summary>The tenant has an owner, who makes its keys.</summary>
    public sealed record HasOwner : ApiKeyOutcome;

    /// <summary>A key was made before, which may have filled the tenant: another one would show an operator what is in it.</summary>
    public sealed record HasKey : ApiKeyOutcome;
}

/// <summary>A key as lists show it; the token is not among it.</summary>
public sealed record ApiKeyRow(
    Guid Id,
    string Name,
    ApiScopes Scopes,
    string Ending,
    string CreatedBy,
    DateTimeOffset CreatedAt,
    DateTimeOffset? LastUsedAt
)
{
    internal static ApiKeyRow Of(ApiKey key) =>
        new(key.Id, key.Name, key.Scopes, key.Ending, key.CreatedBy, key.CreatedAt, key.LastUsedAt);
}

/// <summary>An owner makes a key; a program with scope admin may make one with no more than its own scopes.</summary>
public sealed class CreateApiKey(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public Task<ApiKeyOutcome> ExecuteAsync(Caller caller, ApiKeyInput input, CancellationToken cancellation) =>
        portal.CommandAsync<ApiKeyOutcome>(
            caller,
            TenantRole.Owner,
            async (command, token) =>
            {
                var (name, scopes, errors) = input.Check();
                if (errors.Count == 0 && caller.Actor.Kind == ActorKind.Program)
                {
                    var own = await command
                        .Db.ApiKeys.Where(key => key.Id == caller.Actor.UserId)
                        .Select(key => key.Scopes)
                        .SingleAsync(token);
                    if ((scopes & ~own) != ApiScopes.None)
                    {
                        errors =
                        [
                            new FieldError(
                                nameof(input.Scopes),
                                $"A key can only make keys within its own scopes: {string.Join(", ", own.Names())}."
                            ),
                        ];
                    }
                }

                return errors.Count > 0
                    ? new ApiKeyOutcome.Invalid(errors)
                    : NewApiKey.Add(command, command.TenantId, name, scopes);
            },
            cancellation
        );
}

/// <summary>
/// An operator makes a tenant's first key, while nobody owns it and no key was ever made: an operator sees no content, and
/// from the first key on there may be some. Where that key is lost, an owner is the way back (<see cref="InviteFirstOwner"/>).
/// </summary>
public sealed class CreateFirstApiKey(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public Task<ApiKeyOutcome> ExecuteAsync(
        Actor actor,
        Guid tenantId,
        ApiKeyInput input,
        ICommandRecord? record,
        CancellationToken cancellation
    ) =>
        portal.OperatorCommandAsync<ApiKeyOutcome>(
            actor,
            record,
            async (command, token) =>
            {
                if (
                    await command.Db.Tenants.Living().SingleOrDefaultAsync(row => row.Id == tenantId, token)
                    is not { } tenant
                )
                {
                    return new ApiKeyOutcome.NotFound();
                }

                if (
                    await command.Db.Memberships.AnyAsync(
                        row => row.TenantId == tenantId && row.Role == TenantRole.Owner,
                        token
                    )
                )
                {
                    return new ApiKeyOutcome.HasOwner();
                }

                // Revoked ones too: what they put in is still there.
                if (await command.Db.ApiKeys.AnyAsync(row => row.TenantId == tenantId, token))
                {
                    return new ApiKeyOutcome.HasKey();
                }

                var (name, scopes, errors) = input.Check();
                if (errors.Count > 0)
                {
                    return new ApiKeyOutcome.Invalid(errors);
                }

                var created = NewApiKey.Add(command, tenantId, name, scopes);
                await AuditLog.AppendAsync(
                    command.Db,
                    tenantId,
                    actor,
                    command.Now,
                    "api_key.created",
                    "api_key",
                    created.Key.Id.ToString(),
                    name,
                    new { scopes = scopes.Names(), by_operator = true },
                    token
                );
                command.Audit(
                    "api_key.created",
                    "tenant",
                    tenantId.ToString(),
                    tenant.Name,
                    new { key = created.Key.Id, name }
                );
                return created;
            },
            cancellation
        );
}

internal static class NewApiKey
{
    public static ApiKeyOutcome.Created Add(CommandContext command, Guid tenantId, string name, ApiScopes scopes)
    {
        var token = ApiToken.New(ApiToken.TenantPrefix);
        var key = new ApiKey
        {
            TenantId = tenantId,
            Id = command.Ids.New(),
            Name = name,
            TokenHash = ApiToken.Hash(token),
            Ending = ApiToken.Ending(token),
            Scopes = scopes,
            CreatedBy = command.Actor.Name,
            CreatedAt = command.Now,
        };
        command.Db.ApiKeys.Add(key);
        if (command.TenantId == tenantId)
        {
            command.Audit("api_key.created", "api_key", key.Id.ToString(), name, new { scopes = scopes.Names() });
        }

        return new ApiKeyOutcome.Created(ApiKeyRow.Of(key), token);
    }
}
