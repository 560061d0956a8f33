using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using UnitTests.Api;

namespace UnitTests.Isolation;

/// <summary>
/// The pages that take no id, which <see cref="RouteMatrixTests"/> asks nothing with: as North's owner opens them, each shows
/// what is North's, and no word of South's.
/// </summary>
public sealed class OwnPagesTests
{
    /// <summary>A row of North's (<see cref="CanaryRows"/>): the frame around the pages shows none.</summary>
    private const string Row = ">north[0-9]+<";

    private static readonly string[] OfThePerson = ["PAGE /", "PAGE /you", "PAGE /you/sessions"];

    /// <summary>What each shows itself, and the frame around it does not: rows of North's where it lists any.</summary>
    private static readonly Dictionary<string, string[]> Shown = new(StringComparer.Ordinal)
    {
        ["PAGE /"] = [Title("Your organisations"), "home-name[^>]*>north<", "home-name[^>]*>north-second<"],
        ["PAGE /you"] = [Title("Your account"), ">Authenticator app</h2>"],
        ["PAGE /you/sessions"] = [Title("Your account"), ">192\\.0\\.2\\.2<"],
        ["PAGE /t/{Slug}"] = [Title("north"), Row],
        ["PAGE /t/{Slug}/campaigns"] = [Title("Campaigns"), Row],
        ["PAGE /t/{Slug}/templates/new"] = [Title("New template"), "id=\"template-html\""],
        ["PAGE /t/{Slug}/contacts/import"] = [Title("Import contacts"), Row],
        ["PAGE /t/{Slug}/senders"] = [Title("Senders"), ">mail\\.north\\.test<"],
        ["PAGE /t/{Slug}/suppression"] = [Title("Suppression"), ">north@example\\.net<"],
        ["PAGE /t/{Slug}/settings"] = [Title("Settings"), " value=\"north\""],
        ["PAGE /t/{Slug}/settings/members"] = [Title("Members"), "new\\.north@example\\.org"],
        ["PAGE /t/{Slug}/settings/api-keys"] = [Title("API keys"), Row],
        ["PAGE /t/{Slug}/settings/webhooks"] = [Title("Webhooks"), Row],
    };

    [Fact]
    public async Task EveryPageWithoutAnId_OpenedByNorth_ShowsNorths_AndNoWordOfSouths()
    {
        await using var world = await TwoTenants.StartAsync();
        await JoinAnotherAsync(world);

        Assert.Equal(
            RouteRows
                .All.Where(row =>
                    row.Key.StartsWith("PAGE /t/{Slug}", StringComparison.Ordinal) && row.Value.Asks.Count == 0
                )
                .Select(row => row.Key)
                .Concat(OfThePerson)
                .Order(StringComparer.Ordinal),
            Shown.Keys.Order(StringComparer.Ordinal)
        );
        foreach (var (name, words) in Shown)
        {
            var ask = new RouteAsk(name["PAGE ".Length..].Replace("{Slug}", "north", StringComparison.Ordinal));
            var sent = await world.SendAsync("GET", ask, Guid.Empty);
            var page = await world.RenderAsync(ask, Guid.Empty);

            Assert.True(sent.Status == 200, $"{name} answers {sent.Status}: {sent.Raw}");
            Assert.DoesNotContain(TwoTenants.Canary, sent.Raw, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(TwoTenants.Canary, page.Raw, StringComparison.OrdinalIgnoreCase);
            // Its own name, in the list of the frame.
            Assert.Contains(">north<", page.Raw, StringComparison.Ordinal);
            Assert.All(words, word => Assert.Matches(word, page.Raw));
        }
    }

    /// <summary>Whoever has one organisation is led there from the list of them.</summary>
    private static async Task JoinAnotherAsync(TwoTenants world)
    {
        var second = await ApiHost.AddTenantAsync(world.Api.Host, "north-second");
        await world.Portal.WriteAsync(
            TenantScope.For(second.TenantId),
            (db, _) =>
            {
                db.Memberships.Add(
                    new Membership
                    {
                        TenantId = second.TenantId,
                        UserId = world.Api.North.Caller.Actor.UserId!.Value,
                        Role = TenantRole.Viewer,
                        CreatedAt = DateTimeOffset.UnixEpoch,
                    }
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );
    }

    private static string Title(string title) => $"<h1[^>]*>{title}</h1>";
}
