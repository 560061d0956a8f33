using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Programs;

/// <summary>An operator's key as the list shows it; the token is not among it.</summary>
public sealed record OperatorKeyRow(
    Guid Id,
    string Name,
    string Ending,
    DateTimeOffset CreatedAt,
    DateTimeOffset? LastUsedAt
)
{
    internal static OperatorKeyRow Of(OperatorKey key) =>
        new(key.Id, key.Name, key.Ending, key.CreatedAt, key.LastUsedAt);
}

public abstract record OperatorKeyOutcome
{
    private OperatorKeyOutcome() { }

    /// <param name="Token">Shown now and never again.</param>
    public sealed record Created(OperatorKeyRow Key, string Token) : OperatorKeyOutcome;

    public sealed record Revoked(OperatorKeyRow Key) : OperatorKeyOutcome;

    public sealed record Invalid(IReadOnlyList<FieldError> Errors) : OperatorKeyOutcome;

    /// <summary>It is not there, or was revoked before.</summary>
    public sealed record NotFound : OperatorKeyOutcome;
}

/// <summary>The operators' keys that hold, newest first.</summary>
public sealed class OperatorKeyList(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<IReadOnlyList<OperatorKeyRow>> ExecuteAsync(Actor actor, CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.Installation);
        await portal.DemandOperatorToReadAsync(db, actor, nameof(OperatorKeyList), cancellation);
        var keys = await db
            .OperatorKeys.Where(key => key.RevokedAt == null)
            .NewestFirst(key => key.Id, after: null)
            .ToListAsync(cancellation);
        return [.. keys.Select(OperatorKeyRow.Of)];
    }
}

/// <summary>An operator makes a key with which a program keeps tenants. To replace one: make another, then revoke it.</summary>
public sealed class MakeOperatorKey(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public Task<OperatorKeyOutcome> ExecuteAsync(Actor actor, string? name, CancellationToken cancellation) =>
        portal.OperatorCommandAsync<OperatorKeyOutcome>(
            actor,
            (command, _) =>
            {
                var (shown, _, errors) = new ApiKeyInput(name, Scopes: null).Check();
                if (errors.Count > 0)
                {
                    return Task.FromResult<OperatorKeyOutcome>(new OperatorKeyOutcome.Invalid(errors));
                }

                var token = ApiToken.New(ApiToken.OperatorPrefix);
                var key = OperatorKey.Of(command.Ids.New(), shown, token, command.Now);
                command.Db.OperatorKeys.Add(key);
                command.Audit("operator_key.created", "operator_key", key.Id.ToString(), shown, details: null);
                return Task.FromResult<OperatorKeyOutcome>(
                    new OperatorKeyOutcome.Created(OperatorKeyRow.Of(key), token)
                );
            },
            cancellation
        );
}

/// <summary>From the commit on, no command of this key is carried out.</summary>
public sealed class RevokeOperatorKey(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public Task<OperatorKeyOutcome> ExecuteAsync(Actor actor, Guid keyId, CancellationToken cancellation) =>
        portal.OperatorCommandAsync<OperatorKeyOutcome>(
            actor,
            async (command, token) =>
            {
                var key = await command.Db.OperatorKeys.SingleOrDefaultAsync(
                    row => row.Id == keyId && row.RevokedAt == null,
                    token
                );
                if (key is null)
                {
                    return new OperatorKeyOutcome.NotFound();
                }

                key.RevokedAt = command.Now;
                command.Audit(
                    "operator_key.revoked",
                    "operator_key",
                    key.Id.ToString(),
                    key.Name,
                    new { key.LastUsedAt }
                );
                return new OperatorKeyOutcome.Revoked(OperatorKeyRow.Of(key));
            },
            cancellation
        );
}
