using System.Security.Claims;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Identity;

namespace AdminPortal.Account;

/// <summary>What the portal knows of a signed-in person, read from their claims.</summary>
public static class PortalPrincipal
{
    public const string DisplayNameClaim = "ledgerpost:name";
    public const string OperatorClaim = "ledgerpost:operator";
    public const string FromClaim = "ledgerpost:from";
    public const string SessionClaim = "ledgerpost:session";

    /// <summary>What the cookie carries. Name and operator flag are for showing; the session's row decides whether it counts.</summary>
    public static ClaimsPrincipal Of(OpenedSession session) =>
        new(
            new ClaimsIdentity(
                [
                    new Claim(ClaimTypes.NameIdentifier, session.UserId.ToString()),
                    new Claim(ClaimTypes.Name, session.UserName),
                    new Claim(ClaimTypes.Email, session.Email),
                    new Claim(DisplayNameClaim, session.Name),
                    new Claim(OperatorClaim, session.Operator.ToString()),
                    new Claim(SessionClaim, session.SessionId.ToString()),
                ],
                IdentityConstants.ApplicationScheme
            )
        );

    /// <summary>The session of this cookie.</summary>
    public static Guid? SessionId(this ClaimsPrincipal person) =>
        Guid.TryParse(person.FindFirstValue(SessionClaim), out var id) ? id : null;

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

    // Whose cookie names no session acts in one that nobody has: every command finds it over.
    private static Actor Actor(ClaimsPrincipal person, ActorKind kind) =>
        new(kind, person.UserId(), person.DisplayName(), person.From(), person.SessionId() ?? Guid.Empty);
}
