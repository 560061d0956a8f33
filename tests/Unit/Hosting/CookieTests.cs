using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using UnitTests.Support;

namespace UnitTests.Hosting;

/// <summary>Outside Development no cookie goes over http, to a script, or along with what another site asks.</summary>
public sealed class CookieTests
{
    private const string Careless = "/careless";

    [Fact]
    public async Task EveryCookie_OutsideDevelopment_IsSecure_HttpOnly_AndSameSite_WhoeverSetsIt()
    {
        await using var host = await RealHost.StartAsync(
            RealHost.NewFolder(),
            builder => builder.Services.AddSingleton<IStartupFilter, CarelessPage>(),
            keepFolder: false,
            "--environment=Production",
            "--Portal:PublicUrl=https://mail.example.org",
            "--Resend:Mode=Emulator"
        );
        // Secure cookies are not sent over http, where this test is: they are carried by hand.
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = new Uri(host.Address),
        };
        var lines = new List<string>();
        IReadOnlyDictionary<string, string> hidden;
        using (var page = await browser.GetAsync("/account/sign-in"))
        {
            lines.AddRange(page.Headers.GetValues("Set-Cookie"));
            hidden = RealHost.Hidden(await page.Content.ReadAsStringAsync());
        }

        using (
            var form = new FormUrlEncodedContent(
                hidden.Concat(
                    new Dictionary<string, string>
                    {
                        ["Form.Email"] = RealHost.Email,
                        ["Form.Password"] = RealHost.Password,
                    }
                )
            )
        )
        using (var request = new HttpRequestMessage(HttpMethod.Post, "/account/sign-in") { Content = form })
        {
            request.Headers.Add("Cookie", lines.Select(line => line.Split(';')[0]));
            using var answer = await browser.SendAsync(request);
            Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
            lines.AddRange(answer.Headers.GetValues("Set-Cookie"));
        }

        using (var careless = await browser.GetAsync(Careless))
        {
            lines.AddRange(careless.Headers.GetValues("Set-Cookie"));
        }

        Assert.Contains(lines, line => line.StartsWith("ledgerpost=", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith(".AspNetCore.Antiforgery", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("careless=", StringComparison.Ordinal));
        Assert.All(
            lines,
            line =>
            {
                var said = line.ToLowerInvariant().Split("; ");
                Assert.Contains("secure", said);
                Assert.Contains("httponly", said);
                Assert.Contains(said, word => word is "samesite=lax" or "samesite=strict");
            }
        );
    }

    [Fact]
    public async Task EveryCookieOfASignIn_SaysSoItself()
    {
        await using var host = await RealHost.StartAsync(
            "--environment=Production",
            "--Portal:PublicUrl=https://mail.example.org",
            "--Resend:Mode=Emulator"
        );
        var options = host.Get<IOptionsMonitor<CookieAuthenticationOptions>>();
        var schemes = (await host.Get<IAuthenticationSchemeProvider>().GetAllSchemesAsync())
            .Where(scheme => scheme.HandlerType == typeof(CookieAuthenticationHandler))
            .ToList();

        Assert.True(schemes.Count >= 3, "The schemes are not where they were.");
        Assert.All(
            schemes,
            scheme =>
            {
                var cookie = options.Get(scheme.Name).Cookie;
                Assert.Equal((CookieSecurePolicy.Always, true), (cookie.SecurePolicy, cookie.HttpOnly));
                Assert.True(cookie.SameSite is SameSiteMode.Lax or SameSiteMode.Strict, scheme.Name);
            }
        );
    }

    /// <summary>Sets a cookie and says nothing about it.</summary>
    private sealed class CarelessPage : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
            app =>
            {
                app.Use(
                    (http, after) =>
                    {
                        if (http.Request.Path == Careless)
                        {
                            http.SetEndpoint(
                                new Endpoint(
                                    answer =>
                                    {
                                        var careless = new CookieOptions { SameSite = SameSiteMode.None };
                                        answer.Response.Cookies.Append("careless", "1", careless);
                                        return Task.CompletedTask;
                                    },
                                    new EndpointMetadataCollection(new AllowAnonymousAttribute()),
                                    "Careless"
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
