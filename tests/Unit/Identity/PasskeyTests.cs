using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AdminPortal.Hosting;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Identity;

/// <summary>Passkeys: who may change them, what their use writes, and answers that are none.</summary>
public sealed class PasskeyTests
{
    /// <summary>Flags of an answer: the person was there, and the device did not see who.</summary>
    private const byte NotRecognised = 0x09;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Password_Alone_ChangesNothing_OfAnAccountThatHasMore(bool authenticator)
    {
        await using var rig = await AccountRig.CreateAsync();
        using var passkey = new SoftPasskey();
        using var another = new SoftPasskey();
        var owner = await rig.NewlySignedInAsync();
        var thief = AccountRig.As(await rig.SignInAsync(origin: AccountRig.Elsewhere));
        var passkeys = new Passkeys(rig.Database.Db);
        if (authenticator)
        {
            await rig.EnableAsync(owner);
        }

        Assert.True(await passkeys.AddAsync(AccountRig.As(owner), passkey.Info(), "Mine", default));

        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            passkeys.AddAsync(thief, another.Info(), "Ours", default)
        );
        await Assert.ThrowsAsync<AccessDeniedException>(() => passkeys.RenameAsync(thief, passkey.Id, "Ours", default));
        await Assert.ThrowsAsync<AccessDeniedException>(() => passkeys.RemoveAsync(thief, passkey.Id, default));
        var secret = Totp.NewSecret();
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            rig.Enable.ExecuteAsync(thief, secret, rig.CodeOf(secret), default)
        );

        Assert.Equal("Mine", Assert.Single(await passkeys.ReadAsync(owner.UserId, default)).Name);
        // Whoever has shown it, here by adding it, still may.
        Assert.True(await passkeys.AddAsync(AccountRig.As(owner), another.Info(), "Second", default));
        Assert.True(await passkeys.RemoveAsync(AccountRig.As(owner), passkey.Id, default));
    }

    [Fact]
    public async Task Used_WritesWhatTheDeviceSaid_AndNothingElse()
    {
        await using var rig = await AccountRig.CreateAsync();
        using var passkey = new SoftPasskey();
        var session = await rig.NewlySignedInAsync();
        var passkeys = new Passkeys(rig.Database.Db);
        await passkeys.AddAsync(AccountRig.As(session), passkey.Info(), "Before", default);
        passkey.Uses = 7;
        var shown = passkey.Info(backedUp: true);
        shown.Name = "Before";
        // While the device was asked.
        await passkeys.RenameAsync(AccountRig.As(session), passkey.Id, "After", default);
        var stamp = await ChangeAsync(rig.Database.Db, session.UserId);

        Assert.True(await passkeys.UsedAsync(session.UserId, shown, default));
        Assert.False(await passkeys.UsedAsync(Guid.NewGuid(), shown, default));

        await using var db = rig.Database.Db.Read(TenantScope.None);
        var row = await db.Set<IdentityUserPasskey<Guid>>().SingleAsync();
        Assert.Equal(
            ("After", 7u, true, rig.Database.Time.GetUtcNow()),
            (row.Data.Name, row.Data.SignCount, row.Data.IsBackedUp, row.Data.CreatedAt)
        );
        var user = await db.Users.SingleAsync();
        Assert.Equal(("Ada L.", stamp), (user.DisplayName, user.ConcurrencyStamp));
    }

    [Fact]
    public async Task SignIn_WithAPasskey_LeavesTheAccountsRow_AndOneThatWasRemovedSignsNobodyIn()
    {
        await using var host = await RealHost.StartAsync();
        using var passkey = new SoftPasskey();
        var db = host.Get<PortalDb>();
        var userId = await AddToTheOnlyUserAsync(passkey, db);
        var stamp = await ChangeAsync(db, userId);
        using var browser = host.Browser();

        using var signedIn = await ShowAsync(host, browser, passkey, userId);
        var home = (await browser.GetAsync("/operator/tenants")).StatusCode;

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (signedIn.StatusCode, home));
        await using (var read = db.Read(TenantScope.None))
        {
            var row = await read.Set<IdentityUserPasskey<Guid>>().SingleAsync();
            Assert.Equal(("This laptop", 1u), (row.Data.Name, row.Data.SignCount));
            var user = await read.Users.SingleAsync();
            Assert.Equal(("Ada L.", stamp), (user.DisplayName, user.ConcurrencyStamp));
            Assert.True((await read.Sessions.SingleAsync()).SecondFactor);
        }

        await db.WriteAsync(
            TenantScope.None,
            (write, token) => write.Set<IdentityUserPasskey<Guid>>().ExecuteDeleteAsync(token),
            default
        );
        using var nobody = host.Browser();
        using var refused = await ShowAsync(host, nobody, passkey, userId);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("not known here", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await using var log = db.Read(TenantScope.Installation);
        Assert.Equal(
            "a passkey",
            (await log.AuditEntries.SingleAsync(row => row.Action == "account.sign_in_failed")).TargetName
        );
    }

    [Theory]
    [InlineData("not recognised")]
    [InlineData("a lower count")]
    [InlineData("another origin")]
    [InlineData("an old question")]
    public async Task Answer_OfAKnownPasskey_ThatProvesNothing_SignsNobodyIn_AndStandsInHistoryAndLog(string what)
    {
        await using var host = await RealHost.StartAsync();
        using var passkey = new SoftPasskey();
        var db = host.Get<PortalDb>();
        var userId = await AddToTheOnlyUserAsync(passkey, db);
        using var browser = host.Browser();
        passkey.Uses = 7;
        using (var good = await ShowAsync(host, browser, passkey, userId))
        {
            Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        }

        using var other = host.Browser();
        var question = await AskAsync(other);
        if (what == "an old question")
        {
            await AskAsync(other);
        }

        passkey.Uses = what == "a lower count" ? 6u : 8;
        var credential = passkey.Answer(
            question,
            userId,
            host.Address,
            what == "another origin" ? "https://portal.evil.test" : null,
            what == "not recognised" ? NotRecognised : (byte)0x0D
        );
        using var refused = await other.PostAsJsonAsync("/account/passkey", new { credential });

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        await using var after = db.Read(TenantScope.Installation);
        Assert.Equal(1, await after.Sessions.CountAsync());
        Assert.Equal(
            [Ledgerpost.Identity.SignInResult.SignedIn, Ledgerpost.Identity.SignInResult.WrongPasskey],
            await after.SignIns.OrderBy(row => row.Id).Select(row => row.Result).ToListAsync()
        );
        var entry = await after.AuditEntries.SingleAsync(row => row.Action == "account.sign_in_failed");
        Assert.Equal(userId.ToString(), entry.TargetId);
    }

    /// <summary>Counted before its answer is known, as a password is; who was right has it given back.</summary>
    [Fact]
    public async Task Guesses_AllAtOnce_AreNoMoreThanTheDoorBears_AndRightOnesAreGivenBack()
    {
        await using var host = await RealHost.StartAsync();
        using var passkey = new SoftPasskey();
        var db = host.Get<PortalDb>();
        var userId = await AddToTheOnlyUserAsync(passkey, db);
        // More often than wrong ones may be.
        for (var i = 0; i <= (int)Door.SignIn; i++)
        {
            using var browser = host.Browser();
            using var signedIn = await ShowAsync(host, browser, passkey, userId);
            Assert.Equal(HttpStatusCode.OK, signedIn.StatusCode);
        }

        // Answers that are looked up in the database before they prove nothing: the others come in between.
        var strangers = Enumerable.Range(0, 3 * (int)Door.SignIn).Select(_ => host.Browser()).ToList();
        var answers = new List<string>();
        foreach (var stranger in strangers)
        {
            answers.Add(passkey.Answer(await AskAsync(stranger), userId, host.Address, null, NotRecognised));
        }

        var guesses = await Task.WhenAll(
            strangers.Zip(
                answers,
                async (stranger, credential) =>
                {
                    using var answer = await stranger.PostAsJsonAsync("/account/passkey", new { credential });
                    return answer.StatusCode;
                }
            )
        );
        strangers.ForEach(stranger => stranger.Dispose());

        Assert.Equal((int)Door.SignIn, guesses.Count(status => status == HttpStatusCode.BadRequest));
        Assert.Equal(2 * (int)Door.SignIn, guesses.Count(status => status == HttpStatusCode.TooManyRequests));
    }

    private static readonly string[] NoAnswers =
    [
        "",
        "null",
        "[]",
        "{}",
        "not json",
        """{"credential":null}""",
        """{"credential":""}""",
        """{"credential":7}""",
        """{"credential":"x"}""",
        """{"credential":"null"}""",
        """{"credential":"[]"}""",
        """{"credential":"{}"}""",
        """{"credential":"{\"id\":null,\"response\":null}"}""",
        """{"credential":"{\"id\":\"AAAA\",\"rawId\":\"AAAA\",\"type\":\"public-key\",\"response\":{}}"}""",
        """{"credential":"{\"id\":\"AAAA\",\"rawId\":\"AAAA\",\"type\":\"public-key\",\"clientExtensionResults\":{},\"response\":{\"authenticatorData\":\"AA\",\"clientDataJSON\":\"AA\",\"signature\":\"AA\"}}"}""",
    ];

    [Fact]
    public async Task Answers_ThatAreNone_AreBadRequests_AndNobodyIsSignedIn()
    {
        await using var host = await RealHost.StartAsync();
        using var member = await host.SignedInAsync();
        var here = new DefaultHttpContext();
        here.Connection.RemoteIpAddress = IPAddress.Loopback;
        var wrong = new List<string>();
        foreach (var body in NoAnswers)
        {
            foreach (var asked in new[] { true, false })
            {
                using var stranger = host.Browser();
                await PostAsync(stranger, "/account/passkey", asked, body);
                await PostAsync(member, "/you/passkeys", asked, body);
                // It counts as a guess, and this is not about guesses.
                host.Get<FailedAttempts>().WasRight(Door.SignIn, here);
            }
        }

        Assert.Empty(wrong);

        async Task PostAsync(HttpClient browser, string path, bool asked, string body)
        {
            if (asked)
            {
                using var question = await browser.PostAsync(path + "/question", content: null);
                Assert.Equal(HttpStatusCode.OK, question.StatusCode);
            }

            using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
            using var answer = await browser.PostAsync(path, content);
            if (answer.StatusCode != HttpStatusCode.BadRequest)
            {
                wrong.Add($"{path} {asked} {body}: {answer.StatusCode}");
            }
        }
    }

    /// <summary>What another page does to the account meanwhile.</summary>
    private static async Task<string> ChangeAsync(PortalDb db, Guid userId)
    {
        await db.WriteAsync(
            TenantScope.None,
            (write, token) =>
                write
                    .Users.Where(user => user.Id == userId)
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(user => user.DisplayName, "Ada L.")
                                .SetProperty(user => user.ConcurrencyStamp, "stamp"),
                        token
                    ),
            default
        );
        return "stamp";
    }

    private static async Task<Guid> AddToTheOnlyUserAsync(SoftPasskey passkey, PortalDb db)
    {
        await using var read = db.Read(TenantScope.None);
        var userId = (await read.Users.SingleAsync()).Id;
        await passkey.AddAsync(db, userId);
        return userId;
    }

    /// <summary>The device's question; the browser keeps its cookie.</summary>
    private static async Task<string> AskAsync(HttpClient browser)
    {
        using var question = await browser.PostAsync("/account/passkey/question", content: null);
        return await question.Content.ReadAsStringAsync();
    }

    private static async Task<HttpResponseMessage> ShowAsync(
        RealHost host,
        HttpClient browser,
        SoftPasskey passkey,
        Guid userId
    )
    {
        var credential = passkey.Answer(await AskAsync(browser), userId, host.Address);
        return await browser.PostAsJsonAsync("/account/passkey", new { credential });
    }
}
