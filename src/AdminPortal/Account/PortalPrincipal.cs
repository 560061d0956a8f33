using System.Security.Claims;
using Ledgerpost.Tenancy;

namespace AdminPortal.Account;

/// <summary>What the portal knows of a signed-in person, read from their claims.</summary>
public static class PortalPrincipal
{
    public const string DisplayNameClaim = "ledgerpost:name";
    public const string OperatorClaim = "ledgerpost:operator";
    public const string FromClaim = "ledgerpost:from";

    /// <summary>Null for somebody who is not signed in.</summary>
    public static Guid? UserId(this ClaimsPrincipal person) =>
        person.Identity?.IsAuthenticated == true
        && Guid.TryParse(person.FindFirstValue(ClaimTypes.NameIdentifier), out var id)
            ? id
            : null;

    public static string DisplayName(this ClaimsPrincipal person) =>
        person.FindFirstValue(DisplayNameClaim) ?? person.Email();

    public static string Email(this ClaimsPrincipal person) => person.FindFirstValue(ClaimTypes.Email) ?? "";

    /// <summary>What the menu shows; each command asks the database.</summary>
    public static bool IsOperator(this ClaimsPrincipal person) => person.HasClaim(OperatorClaim, bool.TrueString);

    /// <summary>The address that this request or circuit came from.</summary>
    public static string? From(this ClaimsPrincipal person) => person.FindFirstValue(FromClaim);

    /// <summary>The person as a member of a tenant.</summary>
    public static Actor AsMember(this ClaimsPrincipal person) => Actor(person, ActorKind.User);

    /// <summary>The person as one who runs the installation.</summary>
    public static Actor AsOperator(this ClaimsPrincipal person) => Actor(person, ActorKind.Operator);

    private static Actor Actor(ClaimsPrincipal person, ActorKind kind) =>
        new(kind, person.UserId(), person.DisplayName(), person.From());
}
