using System.Net;
using AdminPortal.Account;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Identity;

public sealed class SignInTests
{
    [Fact]
    public async Task WrongPassword_AndUnknownPerson_GetTheSameAnswer()
    {
        await using var host = await RealHost.StartAsync();
        using var browser = host.Browser();

        var wrong = await RealHost.PostSignInAsync(browser, RealHost.Email, "not the password");
        var unknown = await RealHost.PostSignInAsync(browser, "nobody@else.test", "not the password");

        Assert.Equal(wrong.StatusCode, unknown.StatusCode);
        Assert.Equal(
            Message(await wrong.Content.ReadAsStringAsync()),
            Message(await unknown.Content.ReadAsStringAsync())
        );
    }

    [Fact]
    public async Task FiveWrongPasswords_LockTheAccount_EvenForTheRightOne()
    {
        await using var host = await RealHost.StartAsync();
        using var browser = host.Browser();
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(
                HttpStatusCode.OK,
                (await RealHost.PostSignInAsync(browser, RealHost.Email, "wrong")).StatusCode
            );
        }

        var fifth = await RealHost.PostSignInAsync(browser, RealHost.Email, "wrong");
        var right = await RealHost.PostSignInAsync(browser, RealHost.Email, RealHost.Password);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (fifth.StatusCode, right.StatusCode));
        Assert.Equal(HttpStatusCode.Found, (await browser.GetAsync("/")).StatusCode);
        Assert.Equal(
            ["operator.created", "account.sign_in_failed", "account.locked_out", "account.sign_in_failed"],
            (await ActionsAsync(host)).Distinct(StringComparer.Ordinal).Take(3).Append((await ActionsAsync(host))[^1])
        );
    }

    [Fact]
    public async Task ClosedAccount_AndNobodys_GetTheSameAnswers_WhichSayThatAnAccountMayBeClosed()
    {
        await using var host = await RealHost.StartAsync();
        using var browser = host.Browser();
        for (var i = 0; i < 7; i++)
        {
            using var closed = await RealHost.PostSignInAsync(browser, RealHost.Email, "wrong");
            using var unknown = await RealHost.PostSignInAsync(browser, "nobody@else.test", "wrong");

            Assert.Equal(
                (unknown.StatusCode, unknown.Headers.Location, Alerts(await unknown.Content.ReadAsStringAsync())),
                (closed.StatusCode, closed.Headers.Location, Alerts(await closed.Content.ReadAsStringAsync()))
            );
            Assert.Equal(
                unknown.Headers.Select(header => header.Key).Order(),
                closed.Headers.Select(header => header.Key).Order()
            );
        }

        using var right = await RealHost.PostSignInAsync(browser, RealHost.Email, RealHost.Password);
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        Assert.Contains(
            "close an account for 15 minutes",
            await right.Content.ReadAsStringAsync(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task SignInAndOut_AreAudited_InTheInstallationsLog_WithTheAddress()
    {
        await using var host = await RealHost.StartAsync();
        using var browser = await host.SignedInAsync();

        var signedOut = await RealHost.PostFormAsync(browser, "/account/sign-out", []);

        Assert.Equal(HttpStatusCode.Found, signedOut.StatusCode);
        Assert.Equal(HttpStatusCode.Found, (await browser.GetAsync("/")).StatusCode);
        Assert.Equal(["operator.created", "account.signed_in", "account.signed_out"], await ActionsAsync(host));
        await using var db = host.Get<PortalDb>().Read(TenantScope.Installation);
        var entry = await db.AuditEntries.SingleAsync(row => row.Action == "account.signed_in");
        Assert.Equal((Guid.Empty, "127.0.0.1"), (entry.TenantId, entry.From));
    }

    [Fact]
    public async Task SignOut_ByALinkAlone_DoesNothing()
    {
        await using var host = await RealHost.StartAsync();
        using var browser = await host.SignedInAsync();

        await browser.GetAsync("/account/sign-out");

        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/")).StatusCode);
    }

    [Fact]
    public async Task SignIn_WithoutTheFormsToken_IsRefused()
    {
        await using var host = await RealHost.StartAsync();
        using var browser = host.Browser();
        using var form = new FormUrlEncodedContent(
            new Dictionary<string, string>
            {
                ["_handler"] = "sign-in",
                ["Form.Email"] = RealHost.Email,
                ["Form.Password"] = RealHost.Password,
            }
        );

        var answer = await browser.PostAsync("/account/sign-in", form);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Cookie_IsForThisServerAlone()
    {
        await using var host = await RealHost.StartAsync();
        using var browser = host.Browser();

        var answer = await RealHost.PostSignInAsync(browser, RealHost.Email, RealHost.Password);

        var cookie = answer
            .Headers.GetValues("Set-Cookie")
            .Single(line => line.StartsWith("ledgerpost=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("/t/demo?tab=1", true)]
    [InlineData("/", true)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData("t/demo", false)]
    [InlineData("//evil.test", false)]
    [InlineData("/\\evil.test", false)]
    [InlineData("/ok\\evil", false)]
    [InlineData("/a\nb", false)]
    [InlineData("https://evil.test", false)]
    public void ReturnAddress_IsLocalOrNot(string? url, bool local) => Assert.Equal(local, LocalUrl.IsLocal(url));

    [Theory]
    [InlineData("elevenchars", false)]
    [InlineData("twelve chars", true)]
    [InlineData("aaaaaaaaaaaaaaaa", false)]
    public void Password_NeedsLengthAndNothingElse(string password, bool good) =>
        Assert.Equal(good, PasswordRules.Problem(password) is null);

    private static string Message(string page)
    {
        var at = page.IndexOf("role=\"alert\"", StringComparison.Ordinal);
        return page[at..page.IndexOf("</p>", at, StringComparison.Ordinal)];
    }

    // From the alert on all that a person sees, but what they have typed.
    private static string Alerts(string page) =>
        Message(page)
        + page[
            page.IndexOf("<label for=\"password\"", StringComparison.Ordinal)..page.IndexOf(
                "</main>",
                StringComparison.Ordinal
            )
        ];

    private static async Task<List<string>> ActionsAsync(RealHost host)
    {
        await using var db = host.Get<PortalDb>().Read(TenantScope.Installation);
        return await db
            .AuditEntries.Where(entry => entry.TenantId == Guid.Empty)
            .OrderBy(entry => entry.Sequence)
            .Select(entry => entry.Action)
            .ToListAsync();
    }
}
