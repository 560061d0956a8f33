using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Identity;

/// <summary>Somebody who runs the installation.</summary>
/// <param name="IsReady">They have chosen their password; until then a link waits for them.</param>
public sealed record OperatorRow(Guid UserId, string Name, string Email, DateTimeOffset Since, bool IsReady);

public abstract record OperatorOutcome
{
    private OperatorOutcome() { }

    /// <param name="SetUpToken">Shown now and never again; who opens its link chooses the password.</param>
    public sealed record Added(string Email, string SetUpToken) : OperatorOutcome;

    public sealed record Removed(string Email) : OperatorOutcome;

    /// <param name="Message">A sentence that can stand under the address.</param>
    public sealed record Invalid(string Message) : OperatorOutcome;

    /// <summary>Nobody else could run the installation.</summary>
    public sealed record Last : OperatorOutcome;

    /// <summary>They are no operator, or not any more.</summary>
    public sealed record NotFound : OperatorOutcome;
}

/// <summary>The operators, in the order in which their accounts were made.</summary>
public sealed class OperatorList(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<IReadOnlyList<OperatorRow>> ExecuteAsync(Actor actor, CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.Installation);
        await portal.DemandOperatorToReadAsync(db, actor, nameof(OperatorList), cancellation);
        return await db
            .Users.Where(user => user.IsOperator)
            .OrderBy(user => user.CreatedAt)
            .ThenBy(user => user.Id)
            .Select(user => new OperatorRow(
                user.Id,
                user.DisplayName,
                user.Email ?? "",
                user.CreatedAt,
                user.PasswordHash != null
            ))
            .ToListAsync(cancellation);
    }
}

/// <summary>
/// Makes the account of another operator, whose link is handed over. One that is there already may be in the hands of whoever
/// made it, so none is made an operator; one that waits for its person gets a new link, and the one before stops working.
/// </summary>
public sealed class AddOperator(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<OperatorOutcome> ExecuteAsync(Actor actor, string email, CancellationToken cancellation) =>
        EmailAddress.TryParse(email, out var address, out var reason)
            ? await portal.OperatorCommandAsync<OperatorOutcome>(
                actor,
                async (command, token) =>
                {
                    var user = await People.FindAsync(command.Db, address, token);
                    if (
                        user is not null
                        && (
                            user.PasswordHash is not null
                            || await command.Db.Memberships.AnyAsync(row => row.UserId == user.Id, token)
                        )
                    )
                    {
                        return new OperatorOutcome.Invalid(
                            user.IsOperator
                                ? "They are an operator already."
                                : "This address has an account already. An operator's account is one of its own: name another address."
                        );
                    }

                    user ??= People.Add(command.Db, address, command.Ids.New(), command.Now);
                    user.IsOperator = true;
                    // Not what tenants invited them with.
                    await command
                        .Db.SetUpLinks.Where(link => link.UserId == user.Id && link.TenantId == null)
                        .ExecuteDeleteAsync(token);
                    var link = SetUpLinks.Issue(command.Db, user.Id, command.Now);
                    command.Audit("operator.added", "account", user.Id.ToString(), user.Email!, details: null);
                    return new OperatorOutcome.Added(user.Email!, link);
                },
                cancellation
            )
            : new OperatorOutcome.Invalid(reason);
}

/// <summary>
/// Takes the rights of an operator from a person, who is signed out everywhere: their account stays, and what they are in
/// organisations. Keys that they know are revoked by themselves (<see cref="Programs.RevokeOperatorKey"/>).
/// </summary>
public sealed class RemoveOperator(PortalDb portal)
{
    /// <param name="userId">Also one's own.</param>
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public Task<OperatorOutcome> ExecuteAsync(Actor actor, Guid userId, CancellationToken cancellation) =>
        portal.OperatorCommandAsync<OperatorOutcome>(
            actor,
            async (command, token) =>
            {
                if (
                    await command.Db.Users.SingleOrDefaultAsync(row => row.Id == userId && row.IsOperator, token)
                    is not { } user
                )
                {
                    return new OperatorOutcome.NotFound();
                }

                // One whose link still waits can run nothing; this transaction is alone in the installation.
                if (
                    !await command.Db.Users.AnyAsync(
                        row => row.Id != userId && row.IsOperator && row.PasswordHash != null,
                        token
                    )
                )
                {
                    return new OperatorOutcome.Last();
                }

                user.IsOperator = false;
                await command
                    .Db.SetUpLinks.Where(link => link.UserId == userId && link.TenantId == null)
                    .ExecuteDeleteAsync(token);
                // Their pages show what an operator's cookie opens, until it is another one.
                await Sessions.EndAsync(
                    new AccountWork(command.Db, command.Now, command.Ids),
                    userId,
                    except: null,
                    SessionEnd.RightsTaken,
                    token
                );
                command.Audit("operator.removed", "account", userId.ToString(), user.Email!, details: null);
                return new OperatorOutcome.Removed(user.Email!);
            },
            cancellation
        );
}
