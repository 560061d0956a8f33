using System.Net;
using AdminPortal.Account;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Support;

namespace UnitTests.Hosting;

/// <summary>A form that works once, sent twice: each time somebody is told what happened.</summary>
public sealed class OneTimePageTests
{
    [Theory]
    [InlineData("set-up", "This link is over")]
    [InlineData("reset", "This link is over")]
    public async Task Form_SentOnceMore_FromAnotherWindow_SaysThatTheLinkIsOver(string page, string title)
    {
        await using var host = await RealHost.StartAsync();
        var path = $"/account/{page}/{await LinkAsync(host, reset: page == "reset")}";
        using var first = host.Browser();
        using var second = host.Browser();
        var (forms, later) = (await RealHost.FormAsync(first, path), await RealHost.FormAsync(second, path));
        Dictionary<string, string> typed = new()
        {
            ["Form.Password"] = "another one of words",
            ["Form.Again"] = "another one of words",
        };

        using var done = await RealHost.PostAsync(first, path, forms, typed);
        using var again = await RealHost.PostAsync(second, path, later, typed);

        Assert.Equal((HttpStatusCode.Found, HttpStatusCode.OK), (done.StatusCode, again.StatusCode));
        Assert.Contains(title, await again.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SetUpForm_SentOnceMore_ByWhomItSignedIn_SaysThatItIsTooOld()
    {
        await using var host = await RealHost.StartAsync();
        var path = $"/account/set-up/{await LinkAsync(host, reset: false)}";
        using var browser = host.Browser();
        var form = await RealHost.FormAsync(browser, path);
        Dictionary<string, string> typed = new()
        {
            ["Form.Password"] = "another one of words",
            ["Form.Again"] = "another one of words",
        };

        using var done = await RealHost.PostAsync(browser, path, form, typed);
        using var again = await RealHost.PostAsync(browser, path, form, typed);

        Assert.Equal((HttpStatusCode.Found, HttpStatusCode.BadRequest), (done.StatusCode, again.StatusCode));
        var page = await again.Content.ReadAsStringAsync();
        Assert.Contains("This form is too old", page, StringComparison.Ordinal);
        Assert.StartsWith("<!DOCTYPE html>", page.TrimStart(), StringComparison.Ordinal);
        Assert.Contains($"href=\"{path}\"", page, StringComparison.Ordinal);
        Assert.Equal("no-referrer", Assert.Single(again.Headers.GetValues("Referrer-Policy")));
    }

    [Fact]
    public async Task SigningOut_Twice_EndsOnThePageThatSaysSo()
    {
        await using var host = await RealHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var form = await RealHost.FormAsync(browser, "/account/sign-out");

        using var first = await RealHost.PostAsync(browser, "/account/sign-out", form, []);
        using var second = await RealHost.PostAsync(browser, "/account/sign-out", form, []);

        Assert.Equal((HttpStatusCode.Found, HttpStatusCode.Found), (first.StatusCode, second.StatusCode));
        Assert.EndsWith("/account/sign-out", second.Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.Contains(
            "You are signed out",
            await browser.GetStringAsync("/account/sign-out"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task SigningOut_WhileTheSessionEndsElsewhere_IsDone()
    {
        await using var host = await RealHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var db = host.Get<PortalDb>();
        await using var read = db.Read(TenantScope.None);
        var session = await read.Sessions.SingleAsync();
        var user = await read.Users.SingleAsync();
        var person = PortalPrincipal.Of(
            new OpenedSession(session.Id, user.Id, user.UserName!, user.Email!, "Operator", Operator: true)
        );
        // Both requests were let in, and the other one was quicker.
        await host.Get<EndSessions>().ExecuteAsync(person.AsMember(), session.Id, default);
        using var scope = host.Services.CreateScope();
        var http = new DefaultHttpContext { RequestServices = scope.ServiceProvider, User = person };
        host.Get<IHttpContextAccessor>().HttpContext = http;

        await scope.ServiceProvider.GetRequiredService<SignIn>().OutAsync(default);

        Assert.Contains("ledgerpost=;", http.Response.Headers.SetCookie.ToString(), StringComparison.Ordinal);
    }

    /// <returns>The token of a link that sets a password of the host's only person.</returns>
    private static Task<string> LinkAsync(RealHost host, bool reset) =>
        host.Get<PortalDb>()
            .WriteAsync(
                TenantScope.None,
                async (db, token) =>
                {
                    var now = host.Get<TimeProvider>().GetUtcNow();
                    var user = await db.Users.SingleAsync(token);
                    var link = SetUpLinks.Issue(db, user.Id, now);
                    if (reset)
                    {
                        db.PasswordResets.Add(
                            new PasswordReset
                            {
                                TokenHash = db.SetUpLinks.Local.Single().TokenHash,
                                UserId = user.Id,
                                CreatedAt = now,
                                ExpiresAt = now + PasswordReset.Lifetime,
                            }
                        );
                    }

                    return link;
                },
                default
            );
}
