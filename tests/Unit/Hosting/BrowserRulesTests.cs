using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using AdminPortal.Features.Campaigns.Compose;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Support;

namespace UnitTests.Hosting;

/// <summary>What an answer forbids the browser, asked over HTTP on the host as it is delivered.</summary>
public sealed partial class BrowserRulesTests(BrowserRulesTests.Portal portal) : IClassFixture<BrowserRulesTests.Portal>
{
    private static readonly string[] Production =
    [
        "--environment=Production",
        "--Portal:PublicUrl=https://mail.example.org",
        "--Resend:Mode=Emulator",
    ];

    [Theory]
    [InlineData("/account/sign-in")]
    [InlineData("/u/nobody")]
    [InlineData("/t/nobody")]
    [InlineData("/api/v1/campaigns")]
    [InlineData("/openapi")]
    [InlineData("/css/ledgerpost.css")]
    [InlineData("/healthz/live")]
    [InlineData("/nothing-like-this")]
    public async Task EveryAnswer_ForbidsForeignScriptsAndFrames(string path)
    {
        using var browser = portal.Host.Browser();

        using var answer = await browser.GetAsync(path);

        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        var scripts = ScriptSource().Match(policy).Groups["sources"].Value;
        Assert.StartsWith(
            "default-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none';",
            policy,
            StringComparison.Ordinal
        );
        Assert.Matches("^'self' 'sha256-[A-Za-z0-9+/]{43}='$", scripts);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("DENY", Assert.Single(answer.Headers.GetValues("X-Frame-Options")));
        Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Cross-Origin-Opener-Policy")));
        Assert.Equal(
            path.StartsWith("/u/", StringComparison.Ordinal) ? "no-referrer" : "same-origin",
            Assert.Single(answer.Headers.GetValues("Referrer-Policy"))
        );
        Assert.False(answer.Headers.Contains("Strict-Transport-Security"));
        Assert.False(answer.Headers.Contains("Server"));
    }

    [Fact]
    public async Task ScriptInThePagesText_IsNamedInThePolicyByItsHash()
    {
        using var browser = portal.Host.Browser();

        using var answer = await browser.GetAsync("/account/sign-in");

        var script = Assert
            .Single(InlineScript().Matches(await answer.Content.ReadAsStringAsync()))
            .Groups["text"]
            .Value;
        Assert.Contains(
            $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'",
            answer.Headers.GetValues("Content-Security-Policy").Single(),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("https://mail.example.org", true)]
    [InlineData("http://mail.example.org", false)]
    public async Task OutsideDevelopment_WhereThePortalIsOnHttps_TheBrowserIsToldToStayThere(
        string publicUrl,
        bool told
    )
    {
        await using var host = await RealHost.StartAsync([.. Production, $"--Portal:PublicUrl={publicUrl}"]);
        using var browser = host.Browser();

        using var answer = await browser.GetAsync("/healthz/live");

        Assert.Equal(told, answer.Headers.TryGetValues("Strict-Transport-Security", out var values));
        Assert.Equal(told ? ["max-age=31536000"] : [], values ?? []);
    }

    [Fact]
    public async Task FormWithoutItsToken_IsRefused()
    {
        using var browser = portal.Host.Browser();
        using var form = new FormUrlEncodedContent(
            new Dictionary<string, string>
            {
                ["_handler"] = "sign-in",
                ["Form.Email"] = RealHost.Email,
                ["Form.Password"] = RealHost.Password,
            }
        );

        using var answer = await browser.PostAsync("/account/sign-in", form);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task Cookies_AreForThisSiteAlone_AndForNoScript()
    {
        using var browser = portal.Host.Browser();

        using var answer = await RealHost.PostSignInAsync(browser, RealHost.Email, RealHost.Password);

        var cookie = answer
            .Headers.GetValues("Set-Cookie")
            .Single(line => line.StartsWith("ledgerpost=", StringComparison.Ordinal));
        Assert.Contains("; samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; httponly", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task PageThatFails_OutsideDevelopment_SaysSoWithAReference_ThatTheLogHas()
    {
        var folder = RealHost.NewFolder();
        string reference;
        await using (
            var host = await RealHost.StartAsync(
                folder,
                builder => builder.Services.AddSingleton<IStartupFilter, BrokenPage>(),
                keepFolder: true,
                Production
            )
        )
        {
            using var browser = host.Browser();
            using var answer = await browser.GetAsync("/broken");
            var page = await answer.Content.ReadAsStringAsync();

            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
            Assert.Contains("<h1>This did not work</h1>", page, StringComparison.Ordinal);
            Assert.DoesNotContain("engine room", page, StringComparison.Ordinal);
            Assert.True(answer.Headers.Contains("Content-Security-Policy"));
            reference = Reference().Match(page).Groups["reference"].Value;
        }

        Assert.Contains(
            RealHost.LogLines(folder),
            line =>
                line.Contains("engine room", StringComparison.Ordinal)
                && line.Contains(reference, StringComparison.Ordinal)
        );
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("<p>Hi</p>")]
    [InlineData("<!DOCTYPE html><html><head lang=en><title>x</title></head><body>")]
    [InlineData("<img src=x><!-- <head> --><p>")]
    public void PreviewFrame_BeginsWithItsOwnPolicy_WhateverTheMailIs(string html)
    {
        var document = PreviewFrame.Document(html, dark: false);

        Assert.StartsWith(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ",
            document,
            StringComparison.Ordinal
        );
        Assert.EndsWith("<base target=\"_blank\">" + html, document, StringComparison.Ordinal);
    }

    [GeneratedRegex("script-src (?<sources>[^;]*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ScriptSource();

    [GeneratedRegex(
        "<script(?![^>]* src=)[^>]*>(?<text>.*?)</script>",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex InlineScript();

    [GeneratedRegex("<code>(?<reference>[^<]+)</code>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Reference();

    public sealed class Portal : IAsyncLifetime
    {
        private RealHost? _host;

        public RealHost Host => _host!;

        public async Task InitializeAsync() => _host = await RealHost.StartAsync();

        public async Task DisposeAsync() => await Host.DisposeAsync();
    }

    private sealed class BrokenPage : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
            app =>
            {
                app.Use(
                    (http, after) =>
                    {
                        if (http.Request.Path == "/broken")
                        {
                            http.SetEndpoint(
                                new Endpoint(
                                    _ => throw new InvalidOperationException("Smoke in the engine room."),
                                    new EndpointMetadataCollection(new AllowAnonymousAttribute()),
                                    "Broken"
                                )
                            );
                        }

                        return after(http);
                    }
                );
                next(app);
            };
    }
}
