using System.Text.RegularExpressions;
using AdminPortal.Account;
using AdminPortal.Api;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Api;
using UnitTests.Support;

namespace UnitTests.Isolation;

/// <summary>
/// Every route of the running portal, found in its own list: asked for what is South's, with North's cookie and with North's key
/// for everything, it says and does what it says and does for an id that nobody has: status, headers, body, and the statements
/// that the database is asked. A route that is not in <see cref="RouteRows"/> fails, and so does an id that nothing asks with.
/// </summary>
public sealed partial class RouteMatrixTests
{
    private const string Signature = "a tenant's own secret is the proof, whoever asks; OwnWebhookTests";
    private const string OperatorsOnly = "a tenant's key is refused whatever it names";

    /// <summary>Rows that answer alike for North's own ids too, so that they prove nothing by themselves.</summary>
    private static readonly Dictionary<string, string> TellsNothingApart = new(StringComparer.Ordinal)
    {
        ["PATCH campaigns/[Campaign] {\"audience\":{\"exclude_recipients_of\":[\"<Campaign>\"]}}"] =
            "North's own is the campaign itself, which cannot be left out of itself either",
        ["POST /webhooks/resend/<Tenant> {}"] = Signature,
        ["GET tenants/<Tenant>"] = OperatorsOnly,
        ["PATCH tenants/<Tenant> {\"name\":\"Another\"}"] = OperatorsOnly,
        ["DELETE tenants/<Tenant>"] = OperatorsOnly,
        ["POST tenants/<Tenant>/api-keys {\"name\":\"Key\",\"scopes\":[\"read\"]}"] = OperatorsOnly,
    };

    [Fact]
    public async Task EveryRoute_HasARow_ThatAsksWithEachIdThatItTakes()
    {
        await using var world = await TwoTenants.StartAsync();
        var routes = Routes(world).ToList();
        var wrong = routes
            .Select(route => route.Name)
            .Except(RouteRows.All.Keys, StringComparer.Ordinal)
            .Select(name => $"{name} has no row.")
            .Concat(
                RouteRows
                    .All.Keys.Except(routes.Select(route => route.Name), StringComparer.Ordinal)
                    .Select(name => $"{name} is no route any more.")
            )
            .ToList();
        foreach (var (name, endpoint) in routes.Where(route => RouteRows.All.ContainsKey(route.Name)))
        {
            wrong.AddRange(
                RouteIds.Unasked(endpoint, RouteRows.All[name]).Select(id => $"{name} is not asked with {id}.")
            );
        }

        Assert.True(routes.Count > 100, $"The search for routes has gone blind: {routes.Count}.");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task EveryRoute_AskedWithAnothersIds_SaysAndDoesWhatItDoesForIdsThatNobodyHas()
    {
        await using var world = await TwoTenants.StartAsync();
        var before = await world.Portal.DumpAsync(world.Api.South.TenantId);
        var wrong = new List<string>();
        var asked = 0;
        foreach (var (name, method, ask, kind) in Asks())
        {
            foreach (var send in Ways(world, name, method))
            {
                var (foreign, difference) = await CompareAsync(send, ask, world.OfSouth(kind));
                if (difference is not null)
                {
                    // Each hundredth use of a key is written down: that meets one request, and not the same again.
                    (foreign, difference) = await CompareAsync(send, ask, world.OfSouth(kind));
                }

                asked++;
                if (difference is not null)
                {
                    wrong.Add($"{method} {ask}:\n{difference}");
                }

                if (foreign.Raw.Contains(TwoTenants.Canary, StringComparison.OrdinalIgnoreCase))
                {
                    wrong.Add($"{method} {ask} shows a word of South's: {foreign.Raw}");
                }
            }
        }

        Assert.True(asked > 80, $"Only {asked} were asked.");
        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong));
        Assert.Equal(before, await world.Portal.DumpAsync(world.Api.South.TenantId));
        Assert.NotEmpty(world.Log.Lines);
        Assert.DoesNotContain(
            world.Log.Lines,
            line => line.Contains(TwoTenants.Canary, StringComparison.OrdinalIgnoreCase)
        );
    }

    [Fact]
    public async Task EveryRow_TellsNorthsOwnIdsFromOthers()
    {
        await using var world = await TwoTenants.StartAsync();
        var together = new List<string>();
        // What deletes goes last, so that there is something for the others; children before their parents.
        foreach (
            var (name, method, ask, kind) in Asks()
                .Where(one => !IsAPlace(one.Ask))
                .OrderBy(one => one.Method == "DELETE")
                .ThenByDescending(one => one.Method == "DELETE" ? one.Ask.Path.Length : 0)
        )
        {
            var send = Ways(world, name, method).Last();
            var own = await send(ask, world.OfNorth(kind));
            var nobodys = await send(ask, TwoTenants.Nobodys(world.OfNorth(kind)));
            if (own.Seen == nobodys.Seen)
            {
                together.Add($"{method} {ask.Path} {ask.Body}".TrimEnd());
            }
        }

        Assert.True(
            TellsNothingApart.Keys.ToHashSet(StringComparer.Ordinal).SetEquals(together),
            $"Not listed: {string.Join(" ; ", together.Except(TellsNothingApart.Keys, StringComparer.Ordinal))}. Listed and not so: {string.Join(" ; ", TellsNothingApart.Keys.Except(together, StringComparer.Ordinal))}."
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EveryPage_UnderAnothersSlug_SaysAndDoesWhatItDoesUnderOneThatNobodyHas(bool asOperator)
    {
        await using var world = await TwoTenants.StartAsync(asOperator);
        var pages = Routes(world).Where(route => Slug().IsMatch(route.Endpoint.RoutePattern.RawText!)).ToList();
        foreach (var (name, endpoint) in pages)
        {
            var path = Parameter().Replace("/" + endpoint.RoutePattern.RawText!.TrimStart('/'), "[Campaign]");
            foreach (var send in Ways(world, name, "GET"))
            {
                var foreign = await send(Under("south"), Guid.Empty);
                var nobodys = await send(Under("nowhere"), Guid.Empty);
                Assert.Equal(nobodys.All, foreign.All.Replace("south", "nowhere", StringComparison.Ordinal));
                Assert.DoesNotContain(TwoTenants.Canary, foreign.Raw, StringComparison.OrdinalIgnoreCase);
                Assert.True(
                    foreign.Status == 404 || foreign.Body.Contains("There is nothing here", StringComparison.Ordinal),
                    $"{name}: {foreign.Seen}"
                );
            }

            RouteAsk Under(string slug) => new(Slug().Replace(path, slug));
        }

        Assert.True(pages.Count > 20, $"Only {pages.Count} pages were found.");
    }

    /// <summary>Pages, files and the API: numbers, names and slugs, and no other word of a tenant's.</summary>
    [Fact]
    public async Task EveryRouteOfOperators_AskedByOne_ShowsNoWordOfATenants()
    {
        await using var world = await TwoTenants.StartAsync(asOperator: true);
        var routes = Routes(world).Where(route => IsForOperators(route.Endpoint)).ToList();
        var wrong = new List<string>();
        var named = 0;
        // South is deleted last.
        foreach (
            var (name, endpoint) in routes.OrderBy(route => route.Name.StartsWith("DELETE", StringComparison.Ordinal))
        )
        {
            var method = name.Split(' ')[0] is "PAGE" ? "GET" : name.Split(' ')[0];
            foreach (var ask in OfOperators(name, endpoint))
            {
                foreach (var send in Ways(world, name, method))
                {
                    var answer = await send(ask, world.OfSouth("Tenant"));
                    var isRefusal = name.EndsWith("/api-keys", StringComparison.Ordinal) && answer.Status == 409;
                    if (answer.Status is not (>= 200 and < 300) && !isRefusal)
                    {
                        wrong.Add($"{name} answers {answer.Status}: {answer.Raw}");
                    }

                    named += answer.Raw.Contains(TwoTenants.NameOfAnother, StringComparison.Ordinal) ? 1 : 0;
                    var rest = answer.Raw.Replace(TwoTenants.NameOfAnother, "", StringComparison.Ordinal);
                    if (rest.Contains(TwoTenants.Canary, StringComparison.OrdinalIgnoreCase))
                    {
                        wrong.Add($"{name} shows a word of South's: {answer.Raw}");
                    }
                }
            }
        }

        Assert.True(routes.Count >= 13, $"Only {routes.Count} routes of operators were found.");
        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong));
        // They do show what they may: the list of tenants, as a page and as JSON.
        Assert.True(named >= 2, $"A tenant's name was seen {named} times.");
    }

    [Fact]
    public async Task KeyOfARequest_ThatSouthHasUsed_IsAFreshOneForNorth()
    {
        await using var world = await TwoTenants.StartAsync();
        using var south = await world.Api.ProgramAsync(world.Api.South);
        using var north = await world.Api.ProgramAsync(world.Api.North);
        var body = new { email = "grace@example.net" };

        var theirs = await south.CreateAsync("contacts", body, "one-key");
        var ours = await north.CreateAsync("contacts", body, "one-key");
        var other = await north.CreateAsync(
            "templates",
            new { name = "Letter", html = "<p>Letter</p>" },
            TwoTenants.Canary
        );
        var again = await north.CreateAsync("contacts", body, "one-key");

        Assert.Equal((201, 201, 201), (theirs.Status, ours.Status, other.Status));
        Assert.Equal((false, true), (ours.WasReplayed, again.WasReplayed));
        Assert.NotEqual(theirs.Text("id"), ours.Text("id"));
        Assert.Equal(ours.Text("id"), again.Text("id"));
    }

    /// <returns>How the answer differs from the one for an id that nobody has; null when it does not.</returns>
    private static async Task<(Answer Foreign, string? Difference)> CompareAsync(
        Func<RouteAsk, Guid, Task<Answer>> send,
        RouteAsk ask,
        Guid id
    )
    {
        // The first change of a draft writes more than the same change again: once before, so that both find the same.
        await send(ask, TwoTenants.Nobodys(id));
        var foreign = await send(ask, id);
        var nobodys = await send(ask, TwoTenants.Nobodys(id));
        return (foreign, foreign.All == nobodys.All ? null : Difference(foreign.All, nobodys.All));
    }

    /// <summary>API routes by the program; pages by the browser, which gets their frame, and as their circuit renders them.</summary>
    private static IEnumerable<Func<RouteAsk, Guid, Task<Answer>>> Ways(TwoTenants world, string name, string method)
    {
        yield return (ask, id) => world.SendAsync(method, ask, id);
        if (name.StartsWith("PAGE ", StringComparison.Ordinal))
        {
            yield return world.RenderAsync;
        }
    }

    private static IEnumerable<(string Name, string Method, RouteAsk Ask, string Kind)> Asks() =>
        from row in RouteRows.All
        from ask in row.Value.Asks
        let method = row.Key.Split(' ')[0]
        let kind = TwoTenants.Place().Matches(ask.Path + ask.Body).First(place => place.Groups["kind"].Success)
        select (row.Key, method == "PAGE" ? "GET" : method, ask, kind.Groups["kind"].Value);

    private static bool IsForOperators(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<ApiAccess>() is { OperatorOnly: true }
        || endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().Any(data => data.Policy == AccountPolicies.Operator);

    private static IEnumerable<RouteAsk> OfOperators(string name, RouteEndpoint endpoint)
    {
        var path = "/" + endpoint.RoutePattern.RawText!.Trim('/');
        IReadOnlyList<RouteAsk> asks =
            name == "POST /api/v1/tenants" ? [new RouteAsk("tenants", "{\"name\":\"Third\"}")]
            // Without ids, or without a place in the list: from its beginning.
            : path.Contains('{', StringComparison.Ordinal) ? []
            : [new RouteAsk(path.Replace("/api/v1/", "", StringComparison.Ordinal))];
        return asks.Concat(RouteRows.All[name].Asks);
    }

    private static bool IsAPlace(RouteAsk ask) =>
        ask.Path.Contains("cursor=", StringComparison.Ordinal) || ask.Path.Contains("after=", StringComparison.Ordinal);

    private static IEnumerable<(string Name, RouteEndpoint Endpoint)> Routes(TwoTenants world) =>
        from endpoint in world
            .Api.Host.Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
        where endpoint.Metadata.GetMetadata<StaticAssetDescriptor>() is null
        from method in endpoint.Metadata.GetMetadata<ComponentTypeMetadata>() is not null
            ? ["PAGE"]
            : endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["ANY"]
        select ($"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}", endpoint);

    // The first lines in which they differ: two whole answers say nothing to whoever reads a failed test.
    private static string Difference(string foreign, string nobodys)
    {
        var (left, right) = (foreign.Split('\n'), nobodys.Split('\n'));
        return string.Join(
            '\n',
            left.Except(right, StringComparer.Ordinal)
                .Take(5)
                .Select(line => "  South's: " + line)
                .Concat(right.Except(left, StringComparer.Ordinal).Take(5).Select(line => "  nobody's: " + line))
        );
    }

    [GeneratedRegex(@"\{[Ss]lug\}", RegexOptions.None, 1000)]
    private static partial Regex Slug();

    [GeneratedRegex(@"\{[A-Za-z_]+:[a-z]+\}", RegexOptions.None, 1000)]
    private static partial Regex Parameter();
}
