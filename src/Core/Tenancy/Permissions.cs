using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Programs;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Tenancy;

/// <summary>Who acts, as the audit log will name them.</summary>
/// <param name="UserId">Of a program: its key's id.</param>
/// <param name="SessionId">In which a person acts: once it is over, their next command is refused. Null for all others.</param>
/// <param name="OnBehalfOf">For whom, where it is not for oneself: a program acts for whoever made its key.</param>
public sealed record Actor(
    ActorKind Kind,
    Guid? UserId,
    string Name,
    string? From,
    Guid? SessionId = null,
    string? OnBehalfOf = null
)
{
    public static Actor System { get; } = new(ActorKind.System, null, "Ledgerpost", null);

    /// <summary>A verb of the binary, given by whoever has the data directory.</summary>
    public static Actor CommandLine { get; } =
        new(
            ActorKind.System,
            null,
            "The command line",
            null,
            OnBehalfOf: Environment.UserName is { Length: > 0 } user ? user : null
        );
}

public enum ActorKind
{
    User,
    Operator,
    System,
    Recipient,
    Program,
}

/// <summary>Who acts, and in which tenant.</summary>
/// <param name="Through">Of a program: the scopes of which its key needs one, as its route says.</param>
/// <param name="Record">Of a program: what its command leaves behind for the same request when it comes again.</param>
public sealed record Caller(
    TenantScope Scope,
    Actor Actor,
    ApiScopes Through = ApiScopes.None,
    ICommandRecord? Record = null
)
{
    public Guid TenantId => Scope.TenantId;

    /// <summary>The engine itself, in one tenant.</summary>
    public static Caller System(Guid tenantId) => new(TenantScope.For(tenantId), Actor.System);
}

/// <summary>Every command asks here, in its own transaction: what a page shows is a courtesy, this is the wall.</summary>
public static class Permissions
{
    /// <exception cref="AccessDeniedException">The caller has no such role in this tenant.</exception>
    public static async Task DemandAsync(
        PortalDbContext db,
        Caller caller,
        TenantRole atLeast,
        CancellationToken cancellation
    )
    {
        if (await db.Tenants.AnyAsync(row => row.Id == caller.TenantId && row.DeletionBegunAt != null, cancellation))
        {
            throw AccessDeniedException.OfTenant();
        }

        if (caller.Actor.Kind == ActorKind.System)
        {
            return;
        }

        var role = caller.Actor switch
        {
            { UserId: { } keyId, Kind: ActorKind.Program } => await RoleOfKeyAsync(db, caller, keyId, cancellation),
            { UserId: { } userId } => await RoleAsync(db, caller.TenantId, userId, cancellation),
            _ => null,
        };
        if (role is null || role < atLeast)
        {
            throw new AccessDeniedException(caller, atLeast, role);
        }

        if (caller.Actor.Kind != ActorKind.Program)
        {
            await DemandSessionAsync(db, caller, cancellation);
        }
    }

    /// <summary>A person's session must hold, and be as strong as the tenant asks for.</summary>
    private static async Task DemandSessionAsync(PortalDbContext db, Caller caller, CancellationToken cancellation)
    {
        if (await CheckSession.IsOverAsync(db, caller.Actor, cancellation))
        {
            throw AccessDeniedException.SessionOver(caller.Actor, caller.TenantId);
        }

        if (
            await db.Tenants.AnyAsync(
                row =>
                    row.Id == caller.TenantId
                    && row.RequiresSecondFactor
                    && !db.Sessions.Any(session => session.Id == caller.Actor.SessionId && session.SecondFactor),
                cancellation
            )
        )
        {
            throw AccessDeniedException.SecondFactorNeeded(caller);
        }
    }

    public static async Task<TenantRole?> RoleAsync(
        PortalDbContext db,
        Guid tenantId,
        Guid userId,
        CancellationToken cancellation
    ) =>
        await db
            .Memberships.Where(membership => membership.TenantId == tenantId && membership.UserId == userId)
            .Select(membership => (TenantRole?)membership.Role)
            .SingleOrDefaultAsync(cancellation);

    /// <summary>Of a key that holds, what the scopes that the route asks for amount to.</summary>
    private static async Task<TenantRole?> RoleOfKeyAsync(
        PortalDbContext db,
        Caller caller,
        Guid keyId,
        CancellationToken cancellation
    )
    {
        var held = await db
            .ApiKeys.Where(key => key.TenantId == caller.TenantId && key.Id == keyId && key.RevokedAt == null)
            .Select(key => key.Scopes)
            .SingleOrDefaultAsync(cancellation);
        return (held & caller.Through).Role();
    }
}

/// <summary>Who was refused what, for the log of the tenant; <see cref="Guid.Empty"/> for the installation's.</summary>
/// <param name="Reason">As the log writes it.</param>
internal sealed record Denial(Guid TenantId, Actor Actor, string Reason);

/// <summary>A command that this person may not give.</summary>
public sealed class AccessDeniedException : Exception
{
    public AccessDeniedException(Caller caller, TenantRole needed, TenantRole? held)
        : base(
            held is null
                ? "You are not a member of this organisation."
                : $"This needs the role {Word(needed)}; yours is {Word(held.Value)}."
        ) =>
        Denial = new Denial(
            caller.TenantId,
            caller.Actor,
            held is null ? "not_a_member" : $"role_{Word(held.Value)}_of_{Word(needed)}"
        );

    private AccessDeniedException(string message, Denial? denial)
        : base(message) => Denial = denial;

    /// <summary>What stands in the log of it; null for what does not.</summary>
    internal Denial? Denial { get; }

    /// <summary>Whoever it was has signed out, or was signed out.</summary>
    internal static AccessDeniedException SessionOver(Actor actor, Guid tenantId = default) =>
        new(
            "You are not signed in any more. Nothing was changed; sign in again.",
            new Denial(tenantId, actor, "session_over")
        );

    internal static AccessDeniedException SecondFactorNeeded(Caller caller) =>
        new(
            "This organisation asks for a second factor, and you signed in without one.",
            new Denial(caller.TenantId, caller.Actor, "second_factor_needed")
        );

    /// <summary>What protects an account is changed only by whoever has shown it.</summary>
    internal static AccessDeniedException SecondFactorFirst(Actor actor) =>
        new(
            "Your account has a second factor, and you signed in without it. Nothing was changed; sign out, sign in with it, and try again.",
            new Denial(Guid.Empty, actor, "second_factor_needed")
        );

    /// <summary>Only operators may do it.</summary>
    internal static AccessDeniedException NoOperator(Actor actor) =>
        new("Only an operator of this installation may do this.", new Denial(Guid.Empty, actor, "not_an_operator"));

    /// <summary>Nothing is done any more in a tenant that is being deleted, nor written into its log.</summary>
    internal static AccessDeniedException OfTenant() => new("This organisation is being deleted.", denial: null);

    private static string Word(TenantRole role) => role.ToString().ToLowerInvariant();
}
