using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;

namespace Ledgerpost.Identity;

/// <summary>Signing in and out, in the installation's audit log: it belongs to no tenant.</summary>
public sealed class RecordSignIn(PortalDb portal)
{
    /// <summary>Longest typed name that is kept: whoever guesses may type anything.</summary>
    private const int TypedLimit = 320;

    /// <param name="typed">What was typed as the address; kept because it may tell who is being guessed.</param>
    /// <param name="user">Null when there is no such account.</param>
    public Task ExecuteAsync(
        SignInEvent what,
        string typed,
        PortalUser? user,
        string? from,
        CancellationToken cancellation
    ) =>
        portal.WriteAsync(
            TenantScope.Installation,
            (db, ct) =>
            {
                var name = user is null ? Shortened(typed) : user.Email ?? Shortened(typed);
                var actor = new Actor(
                    user?.IsOperator == true ? ActorKind.Operator : ActorKind.User,
                    user?.Id,
                    user is null ? "Somebody" : People.Name(user),
                    from
                );
                return AuditLog.AppendAsync(
                    db,
                    Guid.Empty,
                    actor,
                    portal.Time.GetUtcNow(),
                    Action(what),
                    "account",
                    user?.Id.ToString() ?? "",
                    name,
                    details: null,
                    ct
                );
            },
            cancellation
        );

    private static string Action(SignInEvent what) =>
        what switch
        {
            SignInEvent.SignedIn => "account.signed_in",
            SignInEvent.Failed => "account.sign_in_failed",
            SignInEvent.LockedOut => "account.locked_out",
            SignInEvent.SignedOut => "account.signed_out",
            _ => throw new ArgumentOutOfRangeException(nameof(what)),
        };

    private static string Shortened(string typed) => typed.Length <= TypedLimit ? typed : typed[..TypedLimit];
}

public enum SignInEvent
{
    SignedIn,
    Failed,

    /// <summary>The attempt that closed the account for a while.</summary>
    LockedOut,
    SignedOut,
}
