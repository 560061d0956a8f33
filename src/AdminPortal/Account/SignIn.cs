using System.Security.Claims;
using AdminPortal.Hosting;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;

namespace AdminPortal.Account;

/// <summary>Puts what the use cases answer into cookies: the session's, or for a few minutes that of a first step.</summary>
public sealed class SignIn(
    SignInWithPassword withPassword,
    SignInWithCode withCode,
    OpenSession open,
    EndSessions end,
    FailedAttempts attempts,
    IHttpContextAccessor http
)
{
    /// <summary>The cookie of somebody whose password was right and whose code is asked for.</summary>
    public const string FirstStepScheme = "ledgerpost-first-step";

    private const string StampClaim = "ledgerpost:stamp";

    private HttpContext Context => http.HttpContext ?? throw new InvalidOperationException("Only in a request.");

    private Origin Origin => RequestOrigin.Of(Context);

    public async Task<SignInAnswer> ExecuteAsync(string email, string password, CancellationToken cancellation)
    {
        var answer = await GuardedAsync(() => withPassword.ExecuteAsync(email, password, Origin, cancellation));
        if (answer is SignInAnswer.SecondStep next)
        {
            var step = new ClaimsIdentity(
                [new Claim(ClaimTypes.NameIdentifier, next.UserId.ToString()), new Claim(StampClaim, next.Stamp)],
                FirstStepScheme
            );
            await Context.SignInAsync(FirstStepScheme, new ClaimsPrincipal(step));
        }

        await KeepAsync(answer);
        return answer;
    }

    /// <summary>Whether this browser has a first step behind it that still counts.</summary>
    public async Task<bool> HasFirstStepAsync() => (await FirstStepAsync()) is not null;

    /// <returns>Wrong as well when the first step is too long ago.</returns>
    public async Task<SignInAnswer> WithCodeAsync(string code, CancellationToken cancellation)
    {
        if (await FirstStepAsync() is not { } step)
        {
            return new SignInAnswer.Wrong();
        }

        var answer = await GuardedAsync(() =>
            withCode.ExecuteAsync(step.UserId, step.Stamp, code, Origin, cancellation)
        );
        if (answer is SignInAnswer.SignedIn or SignInAnswer.LockedOut)
        {
            await Context.SignOutAsync(FirstStepScheme);
        }

        await KeepAsync(answer);
        return answer;
    }

    /// <summary>After a set-up link, whose token was as good as a password, or after a passkey.</summary>
    public async Task AsAsync(Guid userId, SignInMethod method, CancellationToken cancellation) =>
        await KeepAsync(await open.ExecuteAsync(userId, method, Origin, cancellation));

    public async Task OutAsync(CancellationToken cancellation)
    {
        var person = Context.User;
        await Context.SignOutAsync(IdentityConstants.ApplicationScheme);
        if (person.UserId() is not null && person.SessionId() is { } sessionId)
        {
            try
            {
                await end.ExecuteAsync(person.AsMember(), sessionId, cancellation);
            }
            catch (AccessDeniedException)
            {
                // It ended a moment ago, by a second press or from elsewhere: that is what was asked for.
            }
        }
    }

    /// <summary>Whoever guesses at many accounts is slowed down by where they come from.</summary>
    private async Task<SignInAnswer> GuardedAsync(Func<Task<SignInAnswer>> attempt)
    {
        if (!attempts.MayTry(Door.SignIn, Context))
        {
            return new SignInAnswer.TooMany();
        }

        var answer = await attempt();
        if (answer is not (SignInAnswer.Wrong or SignInAnswer.LockedOut))
        {
            attempts.WasRight(Door.SignIn, Context);
        }

        return answer;
    }

    private Task KeepAsync(SignInAnswer answer) =>
        answer is SignInAnswer.SignedIn signedIn
            ? Context.SignInAsync(IdentityConstants.ApplicationScheme, PortalPrincipal.Of(signedIn.Session))
            : Task.CompletedTask;

    private async Task<(Guid UserId, string Stamp)?> FirstStepAsync()
    {
        var step = await Context.AuthenticateAsync(FirstStepScheme);
        return step.Principal?.UserId() is { } userId && step.Principal.FindFirstValue(StampClaim) is { } stamp
            ? (userId, stamp)
            : null;
    }
}
