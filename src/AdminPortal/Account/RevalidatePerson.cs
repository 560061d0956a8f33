using System.Security.Claims;
using Ledgerpost.Identity;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;

namespace AdminPortal.Account;

/// <summary>Each request: a cookie counts for as long as its session does.</summary>
internal static class ValidateSession
{
    private const string EndedKey = "ledgerpost:ended";

    public static async Task OfRequestAsync(CookieValidatePrincipalContext context)
    {
        var ended =
            context.Principal?.UserId() is { } userId && context.Principal.SessionId() is { } sessionId
                ? await context
                    .HttpContext.RequestServices.GetRequiredService<CheckSession>()
                    .ExecuteAsync(userId, sessionId, context.HttpContext.RequestAborted)
                : SessionEnd.Unknown;
        if (ended is { } why)
        {
            context.RejectPrincipal();
            context.HttpContext.Items[EndedKey] = why;
            await context.HttpContext.SignOutAsync(context.Scheme.Name);
        }
    }

    /// <summary>The sign-in page says why, to whoever was signed in a moment ago.</summary>
    public static string WithReason(string signInPage, HttpContext context) =>
        context.Items[EndedKey] is SessionEnd why ? $"{signInPage}&ended={PortalUrls.Ended(why)}" : signInPage;
}

/// <summary>
/// An open page lives long: twice a minute it asks whether its person's session still holds. One that does not becomes
/// nobody's: the page goes, and the sign-in page says what happened.
/// </summary>
public sealed class RevalidatePerson(CheckSession check, TimeProvider time, ILogger<RevalidatePerson> logger)
    : ServerAuthenticationStateProvider,
        IDisposable
{
    /// <summary>What an ended session leaves in the principal of nobody.</summary>
    public const string EndedClaim = "ledgerpost:ended";

    /// <summary>How long an open page outlives its session at most; its commands are refused at once.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _closed = new();
    private ITimer? _timer;
    private int _looking;

    public override Task<AuthenticationState> GetAuthenticationStateAsync()
    {
        _timer ??= time.CreateTimer(_ => _ = LookAsync(), null, Interval, Interval);
        return base.GetAuthenticationStateAsync();
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _closed.Cancel();
        _closed.Dispose();
    }

    private async Task LookAsync()
    {
        if (Interlocked.Exchange(ref _looking, 1) == 1)
        {
            return;
        }

        try
        {
            var person = (await base.GetAuthenticationStateAsync()).User;
            if (
                person.UserId() is { } userId
                && person.SessionId() is { } sessionId
                && await check.ExecuteAsync(userId, sessionId, _closed.Token) is { } ended
            )
            {
                var nobody = new ClaimsIdentity([new Claim(EndedClaim, PortalUrls.Ended(ended))]);
                SetAuthenticationState(Task.FromResult(new AuthenticationState(new ClaimsPrincipal(nobody))));
                _timer?.Dispose();
            }
        }
        catch (Exception exception) when (_closed.IsCancellationRequested)
        {
            _ = exception;
        }
        catch (Exception exception)
        {
            // What is shown stays; commands still ask the database, and the next look comes soon.
            logger.LogWarning(exception, "Whether a session still holds could not be looked up.");
        }
        finally
        {
            Interlocked.Exchange(ref _looking, 0);
        }
    }
}
