using System.Net;
using AdminPortal.Account;
using AdminPortal.Hosting;
using Ledgerpost.Data;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;
using UnitTests.Webhooks;

namespace UnitTests.Hosting;

public sealed class FailedAttemptsTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void SoManyFailures_ShutTheDoor_ForThatAddressAndThatDoor_UntilTheMinuteIsOver()
    {
        var attempts = new FailedAttempts(_time);
        var guesser = From("192.0.2.7");
        for (var i = 0; i < (int)Door.SignIn; i++)
        {
            Assert.Null(attempts.ShutFor(Door.SignIn, guesser));
            attempts.Failed(Door.SignIn, guesser);
        }

        Assert.Equal(TimeSpan.FromMinutes(1), attempts.ShutFor(Door.SignIn, guesser));
        Assert.Null(attempts.ShutFor(Door.Link, guesser));
        Assert.Null(attempts.ShutFor(Door.SignIn, From("192.0.2.8")));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(attempts.ShutFor(Door.SignIn, guesser));
    }

    [Fact]
    public async Task AttemptsThatComeAllAtOnce_AreNoMoreThanTheDoorBears()
    {
        for (var round = 0; round < 50; round++)
        {
            var attempts = new FailedAttempts(_time);
            using var together = new Barrier(4);
            var tries = await Task.WhenAll(
                Enumerable
                    .Range(0, 4)
                    .Select(_ =>
                        Task.Factory.StartNew(
                            () =>
                            {
                                together.SignalAndWait();
                                return Enumerable
                                    .Range(0, (int)Door.SignIn)
                                    .Count(_ => attempts.MayTry(Door.SignIn, From("192.0.2.7")));
                            },
                            TaskCreationOptions.LongRunning
                        )
                    )
            );

            Assert.Equal((int)Door.SignIn, tries.Sum());
        }
    }

    [Fact]
    public void AttemptsOfAPastMinute_AndThoseGivenBack_DoNotCount()
    {
        var attempts = new FailedAttempts(_time);
        var person = From("192.0.2.7");
        for (var i = 0; i < (int)Door.SignIn; i++)
        {
            Assert.True(attempts.MayTry(Door.SignIn, person));
        }

        Assert.False(attempts.MayTry(Door.SignIn, person));
        Assert.Equal((429, "60"), (person.Response.StatusCode, $"{person.Response.Headers.RetryAfter}"));
        attempts.WasRight(Door.SignIn, person);
        Assert.True(attempts.MayTry(Door.SignIn, person));
        Assert.False(attempts.MayTry(Door.SignIn, person));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(attempts.MayTry(Door.SignIn, person));
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("192.0.2.7", "::ffff:192.0.2.7", true)]
    public void Addresses_OfOneNetwork_AreOneGuesser(string first, string second, bool same)
    {
        var attempts = new FailedAttempts(_time);
        for (var i = 0; i < (int)Door.SignIn; i++)
        {
            attempts.Failed(Door.SignIn, From(first));
        }

        Assert.Equal(same, attempts.ShutFor(Door.SignIn, From(second)) is not null);
    }

    [Fact]
    public void InventedNames_AreRememberedUpToABound_AndNobodyElseIsForgottenForThem()
    {
        var attempts = new FailedAttempts(_time);
        var guesser = From("192.0.2.7");
        for (var i = 0; i < (int)Door.OwnWebhook; i++)
        {
            attempts.Failed(Door.SignIn, guesser);
            attempts.Failed(Door.OwnWebhook, guesser, "north");
        }

        for (var i = 0; i < 30_000; i++)
        {
            attempts.Failed(Door.OwnWebhook, guesser, $"invented-{i}");
        }

        Assert.InRange(attempts.CountAt(Door.OwnWebhook), 1, 10_000);
        Assert.NotNull(attempts.ShutFor(Door.OwnWebhook, guesser, "north"));
        Assert.NotNull(attempts.ShutFor(Door.SignIn, guesser));
    }

    [Fact]
    public async Task OnePasswordTriedOnManyAccounts_IsStopped_AndTheRightOneToo_UntilTheMinuteIsOver()
    {
        await using var host = await RealHost.StartAsync();
        using var browser = host.Browser();
        for (var i = 0; i < (int)Door.SignIn; i++)
        {
            using var wrong = await RealHost.PostSignInAsync(browser, $"person{i}@example.org", "Spring-2026-Spring");
            Assert.Equal(HttpStatusCode.OK, wrong.StatusCode);
        }

        using var right = await RealHost.PostSignInAsync(browser, RealHost.Email, RealHost.Password);

        Assert.Equal(HttpStatusCode.TooManyRequests, right.StatusCode);
        Assert.InRange(right.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Contains("Too many wrong attempts", await right.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guesses_AllAtOnce_AreCountedBeforeTheirAnswers_AndRightOnesAreGivenBack()
    {
        await using var host = await RealHost.StartAsync();
        for (var i = 0; i < (int)Door.SignIn + 1; i++)
        {
            using var person = await host.SignedInAsync();
        }

        using var browser = host.Browser();
        var form = await RealHost.FormAsync(browser, "/account/sign-in");
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 60)
                .Select(i =>
                    RealHost.PostAsync(
                        browser,
                        "/account/sign-in",
                        form,
                        new() { ["Form.Email"] = $"person{i}@example.org", ["Form.Password"] = "Spring-2026-Spring" }
                    )
                )
        );

        Assert.Equal((int)Door.SignIn, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        Assert.Equal(40, answers.Count(answer => answer.StatusCode == HttpStatusCode.TooManyRequests));
    }

    [Theory]
    [InlineData("/account/set-up/{0}", Door.Link)]
    [InlineData("/u/{0}", Door.Unsubscribe)]
    public async Task LinksTriedOut_AreStopped(string path, Door door)
    {
        await using var host = await RealHost.StartAsync();
        using var browser = host.Browser();
        for (var i = 0; i < (int)door; i++)
        {
            using var wrong = await browser.GetAsync(string.Format(null, path, i));
            Assert.NotEqual(HttpStatusCode.TooManyRequests, wrong.StatusCode);
        }

        using var answer = await browser.GetAsync(string.Format(null, path, "one-more"));

        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    [Fact]
    public async Task UnsubscribeLinksTriedOut_KeepNoRightOneOut()
    {
        await using var host = await RealHost.StartAsync();
        var db = host.Get<PortalDb>();
        byte[] secret;
        await using (var context = db.Read(TenantScope.None))
        {
            secret = (await context.Installation.SingleAsync()).UnsubscribeSecret;
        }

        var tenant = new Tenant
        {
            Id = db.Ids.New(),
            Name = "North",
            Slug = "north",
            CreatedAt = db.Time.GetUtcNow(),
        };
        await db.WriteAsync(
            TenantScope.For(tenant.Id),
            (context, _) => Task.FromResult(context.Tenants.Add(tenant)),
            CancellationToken.None
        );
        var right = $"/u/{new UnsubscribeTokens(secret).Seal(tenant.Id, "ada@example.net")}";
        using var browser = host.Browser();
        for (var i = 0; i <= (int)Door.Unsubscribe; i++)
        {
            using var wrong = await browser.PostAsync($"/u/{i}", null);
            Assert.Equal(i == (int)Door.Unsubscribe, wrong.StatusCode == HttpStatusCode.TooManyRequests);
        }

        using var shown = await browser.GetAsync(right);
        using var click = new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click")]);
        using var done = await browser.PostAsync(right, click);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (shown.StatusCode, done.StatusCode));
        await using var after = db.Read(TenantScope.For(tenant.Id));
        Assert.Equal("ada@example.net", (await after.SuppressedAddresses.SingleAsync()).NormalizedEmail);
    }

    [Fact]
    public async Task SignaturesTriedOut_AreStopped_AndARightOneIsTaken()
    {
        await using var host = await RealHost.StartAsync();
        using var program = host.Browser();
        for (var i = 0; i < (int)Door.Webhook; i++)
        {
            using var wrong = await program.PostAsync("/webhooks/resend", new StringContent("{}"));
            Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        }

        using var answer = await program.PostAsync("/webhooks/resend", new StringContent("{}"));

        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        var secret = host.Get<ProviderEndpoint>().WebhookSecrets[0];
        Assert.Equal(HttpStatusCode.OK, await WebhookDoorTests.BringAsync(host, "/webhooks/resend", secret));
    }

    [Fact]
    public async Task WrongSecretOfOneTenant_ShutsNobodyElsesDoor()
    {
        await using var host = await RealHost.StartAsync();
        using var program = host.Browser();
        for (var i = 0; i < (int)Door.OwnWebhook; i++)
        {
            using var wrong = await program.PostAsync("/webhooks/resend/north", new StringContent("{}"));
            Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        }

        using var norths = await program.PostAsync("/webhooks/resend/north", new StringContent("{}"));
        using var souths = await program.PostAsync("/webhooks/resend/south", new StringContent("{}"));
        using var installations = await program.PostAsync("/webhooks/resend", new StringContent("{}"));

        Assert.Equal(HttpStatusCode.TooManyRequests, norths.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, souths.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, installations.StatusCode);
    }

    private static DefaultHttpContext From(string address)
    {
        var http = new DefaultHttpContext();
        http.Connection.RemoteIpAddress = IPAddress.Parse(address);
        return http;
    }
}
