using System.Net;
using System.Text.RegularExpressions;
using AdminPortal.Api;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Support;

namespace UnitTests.Hosting;

/// <summary>The wall around the portal, asked over HTTP on the host as it is delivered.</summary>
public sealed partial class WallTests(WallTests.Portal portal) : IClassFixture<WallTests.Portal>
{
    /// <summary>What somebody who is not signed in may reach. A route that is neither here nor behind sign-in fails the test.</summary>
    private static readonly string[] Open = ["account", "u", "webhooks", "healthz", "dev", "not-found", "openapi"];

    /// <summary>Of the API, whose other routes ask for a key: only its description.</summary>
    private const string OpenApiDocument = "api/v1/openapi/{documentName}.json";

    [Fact]
    public void EveryRoute_IsBehindSignIn_OrOnTheList()
    {
        var routes = portal
            .Host.Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .ToList();

        var open = routes
            .Where(route => route.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            .Select(route => route.RoutePattern.RawText!.TrimStart('/'))
            .Where(route => route != OpenApiDocument)
            .Where(route => !IsStaticFile(route) && !Open.Contains(route.Split('/')[0], StringComparer.Ordinal))
            .ToList();

        Assert.True(routes.Count > 20);
        Assert.Empty(open);
    }

    [Fact]
    public async Task EveryPage_WithoutSignIn_LeadsToTheSignInPageAndBack()
    {
        using var browser = portal.Host.Browser();
        var pages = portal
            .Host.Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<IAllowAnonymous>() is null)
            .Where(route => route.Metadata.GetMetadata<ApiAccess>() is null)
            .Select(route => "/" + Parameter().Replace(route.RoutePattern.RawText!.TrimStart('/'), "1"))
            .Distinct()
            .ToList();

        Assert.Contains("/t/1", pages);
        foreach (var page in pages)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, page);
            var answer = await browser.SendAsync(request);
            Assert.True(
                answer.StatusCode == HttpStatusCode.Found
                    && answer.Headers.Location!.AbsolutePath == "/account/sign-in",
                $"{page} answered {answer.StatusCode}"
            );
        }
    }

    [Fact]
    public async Task EveryRouteOfTheApi_WithoutAKey_IsRefused()
    {
        using var program = portal.Host.Browser();
        var routes = portal
            .Host.Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText!.StartsWith("/api/v1/", StringComparison.Ordinal))
            .Where(route => route.RoutePattern.RawText!.TrimStart('/') != OpenApiDocument)
            .ToList();

        Assert.True(routes.Count > 4);
        foreach (var route in routes)
        {
            Assert.NotNull(route.Metadata.GetMetadata<ApiAccess>());
            var method = route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Single();
            var path = Parameter()
                .Replace(
                    route.RoutePattern.RawText!.Replace("{number:int}", "1", StringComparison.Ordinal),
                    Guid.Empty.ToString()
                );
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            using var answer = await program.SendAsync(request);
            Assert.True(
                answer.StatusCode == HttpStatusCode.Unauthorized,
                $"{method} {path} answered {answer.StatusCode}"
            );
        }
    }

    [Fact]
    public async Task UnknownAddress_WithoutSignIn_TellsNothing()
    {
        using var browser = portal.Host.Browser();

        var answer = await browser.GetAsync("/t/north/nothing-like-this");

        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
    }

    [Theory]
    [InlineData("/t/south")]
    [InlineData("/t/south/contacts")]
    [InlineData("/t/south/settings/members")]
    [InlineData("/t/SOUTH")]
    public async Task AnotherTenantsAddress_AnswersExactlyAsAnUnknownOne(string path)
    {
        using var browser = await portal.Host.SignedInAsync(portal.NorthOwner);
        var own = await browser.GetAsync("/t/north");
        var foreign = await browser.GetAsync(path);
        var unknown = await browser.GetAsync(path.Replace("south", "nowhere", StringComparison.OrdinalIgnoreCase));

        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal(unknown.StatusCode, foreign.StatusCode);
        Assert.Equal(await BodyAsync(unknown), await BodyAsync(foreign));
        Assert.Equal(
            unknown.Headers.Concat(unknown.Content.Headers).Select(header => header.Key).Order(),
            foreign.Headers.Concat(foreign.Content.Headers).Select(header => header.Key).Order()
        );
    }

    [Fact]
    public async Task Operator_OpensNoTenantThatTheyAreNotAMemberOf()
    {
        using var browser = await portal.Host.SignedInAsync();

        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/operator/tenants")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync("/t/north")).StatusCode);
    }

    [Fact]
    public async Task OperatorsPage_ForAMember_IsRefused()
    {
        using var browser = await portal.Host.SignedInAsync(portal.NorthOwner);

        var answer = await browser.GetAsync("/operator/tenants");

        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Equal("/account/access-denied", answer.Headers.Location!.AbsolutePath);
    }

    [Theory]
    [InlineData("https://evil.test/")]
    [InlineData("//evil.test")]
    [InlineData("/\\evil.test")]
    public async Task SignIn_WithAReturnAddressElsewhere_StaysHere(string returnUrl)
    {
        using var browser = portal.Host.Browser();

        var answer = await RealHost.PostFormAsync(
            browser,
            "/account/sign-in?returnUrl=" + Uri.EscapeDataString(returnUrl),
            new() { ["Form.Email"] = RealHost.Email, ["Form.Password"] = RealHost.Password }
        );

        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Equal("/", new Uri(new Uri(portal.Host.Address), answer.Headers.Location!).PathAndQuery);
        Assert.Equal(
            new Uri(portal.Host.Address).Authority,
            new Uri(new Uri(portal.Host.Address), answer.Headers.Location!).Authority
        );
    }

    [Fact]
    public async Task SignIn_WithAReturnAddressHere_GoesThere()
    {
        using var browser = portal.Host.Browser();

        var answer = await RealHost.PostFormAsync(
            browser,
            "/account/sign-in?returnUrl=%2Ft%2Fnorth%2Fcontacts",
            new() { ["Form.Email"] = portal.NorthOwner, ["Form.Password"] = RealHost.Password }
        );

        Assert.Equal("/t/north/contacts", new Uri(new Uri(portal.Host.Address), answer.Headers.Location!).PathAndQuery);
    }

    private static bool IsStaticFile(string route) =>
        route.StartsWith("_content/", StringComparison.Ordinal)
        || route.StartsWith("_framework/", StringComparison.Ordinal)
        || (Path.HasExtension(route) && !route.Contains('{', StringComparison.Ordinal));

    // What differs with every answer, for any address: keys of forms and circuits.
    private static async Task<string> BodyAsync(HttpResponseMessage answer) =>
        Varying().Replace(await answer.Content.ReadAsStringAsync(), "");

    [GeneratedRegex("<!--Blazor.*?-->", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Varying();

    [GeneratedRegex(@"\{[^}]*\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Parameter();

    public sealed class Portal : IAsyncLifetime
    {
        public RealHost Host { get; private set; } = null!;
        public string NorthOwner => "owner@north.test";

        public async Task InitializeAsync()
        {
            Host = await RealHost.StartAsync();
            await using var db = Host.Get<PortalDb>().Read(TenantScope.None);
            var operatorId = (await db.Users.SingleAsync()).Id;
            var actor = new Actor(ActorKind.Operator, operatorId, "Operator", "192.0.2.1");
            foreach (var slug in new[] { "north", "south" })
            {
                var created = Assert.IsType<CreateTenantResult.Created>(
                    await Host.Get<CreateTenant>()
                        .ExecuteAsync(actor, new TenantInput(slug, slug, "UTC", $"owner@{slug}.test"), null, default)
                );
                Assert.IsType<Ledgerpost.Identity.SetUpResult.Done>(
                    await Host.Get<Ledgerpost.Identity.UseSetUpLink>()
                        .ExecuteAsync(created.SetUpToken!, null, null, RealHost.Password, null, default)
                );
            }
        }

        public async Task DisposeAsync() => await Host.DisposeAsync();
    }
}
