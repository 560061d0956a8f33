using AdminPortal;
using AdminPortal.Components.Layout;
using AdminPortal.Components.Shared;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Radzen;
using UnitTests.Support;

namespace UnitTests.Components;

public sealed class SharedPartsTests : BunitContext
{
    private static readonly ShellTenant Acme = new("acme", "Acme", "Owner");

    public SharedPartsTests()
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddRadzenComponents();
        Services.AddSingleton(TimeProvider.System);
        Services.AddScoped<Confirmations>();
        Services.AddScoped<Toasts>();
    }

    [Fact]
    public void SegmentedBar_WithCounts_AddsUpAndMarksTheFilterInUse()
    {
        var bar = Render<SegmentedBar>(parameters =>
            parameters.Add(
                part => part.Segments,
                [
                    new BarSegment("Accepted", 2300, BarFill.Good, "?state=accepted"),
                    new BarSegment("Pending", 2700, BarFill.Waiting, "?state=pending", Selected: true),
                    new BarSegment("Unknown", 0, BarFill.Unknown, "?state=unknown"),
                ]
            )
        );

        Assert.Equal(["2,300", "2,700", "0", "5,000"], bar.FindAll(".lp-num").Select(number => number.TextContent));
        Assert.Equal("?state=pending", bar.Find("[aria-current=true]").GetAttribute("href"));
        Assert.Equal(2, bar.FindAll(".segmented-bar-part").Count);
    }

    [Theory]
    [InlineData(1, null, "?page=2")]
    [InlineData(2, "?page=1", "?page=3")]
    [InlineData(3, "?page=2", null)]
    public void Pager_OnAPage_LinksItsNeighbours(int page, string? before, string? after)
    {
        var pager = Render<Pager>(parameters =>
            parameters
                .Add(part => part.Page, page)
                .Add(part => part.PageSize, 50)
                .Add(part => part.Total, 120)
                .Add(part => part.Href, to => $"?page={to}")
        );

        Assert.Equal(before, pager.FindAll("a[rel=prev]").SingleOrDefault()?.GetAttribute("href"));
        Assert.Equal(after, pager.FindAll("a[rel=next]").SingleOrDefault()?.GetAttribute("href"));
    }

    [Fact]
    public void Pager_OnTheLastPage_SaysHowFarItGoes()
    {
        var pager = Render<Pager>(parameters =>
            parameters
                .Add(part => part.Page, 25)
                .Add(part => part.Total, 1204)
                .Add(part => part.Href, to => $"?page={to}")
        );

        Assert.Contains("1,201 to 1,204 of 1,204", pager.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void ListTable_LoadingEmptyAndFailed_ShowsEachInItsPlace()
    {
        RenderFragment header = builder => builder.AddMarkupContent(0, "<th>Name</th>");
        RenderFragment empty = builder => builder.AddMarkupContent(0, "<p>No contact yet.</p>");
        RenderFragment<string> row = name => builder => builder.AddMarkupContent(0, $"<td>{name}</td>");
        IRenderedComponent<ListTable<string>> Table(IReadOnlyList<string>? items, string? failed = null) =>
            Render<ListTable<string>>(parameters =>
                parameters
                    .Add(part => part.Label, "Contacts")
                    .Add(part => part.Items, items)
                    .Add(part => part.Header, header)
                    .Add(part => part.Row, row)
                    .Add(part => part.Empty, empty)
                    .Add(part => part.Failed, failed)
            );

        Assert.Equal(8, Table(null).FindAll("[aria-label=Loading]").Count);
        Assert.Equal("No contact yet.", Table([]).Find("p").TextContent);
        Assert.Equal(["Ada", "Grace"], Table(["Ada", "Grace"]).FindAll("tbody td").Select(cell => cell.TextContent));
        Assert.Contains(
            "Nothing was changed.",
            Table(null, "They could not be loaded.").Find("[role=alert]").TextContent,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void ConfirmDialog_WithAWordToType_WaitsForExactlyThatWord()
    {
        var dialog = Render<ConfirmDialog>(parameters =>
            parameters.Add(
                part => part.Question,
                new Confirmation("Delete?", ["It is gone then."], "Delete", Danger: true, Type: "autumn")
            )
        );
        bool Disabled() => dialog.FindAll("button")[1].HasAttribute("disabled");

        Assert.True(Disabled());
        dialog.Find("input").Input("Autumn");
        Assert.True(Disabled());
        dialog.Find("input").Input("autumn");
        Assert.False(Disabled());
    }

    [Fact]
    public void FilterBar_Submitted_SendsTheTrimmedTextOnce()
    {
        var sent = new List<string>();
        var bar = Render<FilterBar>(parameters =>
            parameters.Add(part => part.Search, "old").Add(part => part.OnSearch, text => sent.Add(text))
        );

        bar.Find("input").Change("  ada ");
        bar.Find("input").Change("ada");

        Assert.Equal(["ada"], sent);
    }

    [Fact]
    public void FilterBar_WhoseSearchWasTakenAway_TakesTheSameWordAgain()
    {
        var sent = new List<string>();
        var bar = Render<FilterBar>(parameters => parameters.Add(part => part.OnSearch, text => sent.Add(text)));
        bar.Find("input").Change("ada");
        bar.Render(parameters => parameters.Add(part => part.Search, "ada"));

        bar.Render(parameters => parameters.Add(part => part.Search, null));
        Assert.Equal("", bar.Find("input").GetAttribute("value"));
        bar.Find("input").Change("ada");

        Assert.Equal(["ada", "ada"], sent);
    }

    [Fact]
    public void FilterBar_WhileItsSearchIsUnderWay_KeepsWhatIsTyped()
    {
        var time = new ManualTime();
        Services.AddSingleton<TimeProvider>(time);
        var sent = new List<string>();
        var bar = Render<FilterBar>(parameters => parameters.Add(part => part.OnSearch, text => sent.Add(text)));
        Type("ada ");
        Type("ada lo");
        Assert.Equal(["ada", "ada lo"], sent);

        bar.Find("input").Input("ada lovelace ");
        // The address comes to what was sent one after the other.
        bar.Render(parameters => parameters.Add(part => part.Search, "ada"));
        bar.Render(parameters => parameters.Add(part => part.Search, "ada lo"));
        Assert.Equal("ada lovelace ", bar.Find("input").GetAttribute("value"));
        time.Advance(TimeSpan.FromSeconds(1));
        bar.WaitForAssertion(() => Assert.Equal(["ada", "ada lo", "ada lovelace"], sent));

        bar.Render(parameters => parameters.Add(part => part.Search, "grace"));
        Assert.Equal("grace", bar.Find("input").GetAttribute("value"));

        void Type(string text)
        {
            bar.Find("input").Input(text);
            time.Advance(TimeSpan.FromSeconds(1));
            bar.WaitForAssertion(() => Assert.Equal(text.Trim(), sent[^1]));
        }
    }

    [Fact]
    public void ErrorBoundary_AroundAFailure_SaysWhatWasKeptAndRecovers()
    {
        var broken = true;
        RenderFragment page = builder =>
        {
            if (broken)
            {
                throw new InvalidOperationException("secret detail");
            }

            builder.AddContent(0, "The page.");
        };
        var boundary = Render<PageErrorBoundary>(parameters =>
            parameters.AddChildContent<Page>(child => child.Add(part => part.Content, page))
        );
        Assert.Contains("What was saved is kept", boundary.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("secret detail", boundary.Markup, StringComparison.Ordinal);

        broken = false;
        boundary.Find("button").Click();

        Assert.Contains("The page.", boundary.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Navigation_OfATenant_LeadsOnlyIntoThatTenant()
    {
        var view = new ShellView(new ShellPerson("Ada", "ada@acme.test", Operator: false), [Acme], Acme, []);

        Assert.All(NavMenu.EntriesFor(view), entry => Assert.Equal("acme", PortalUrls.TenantSlugOf(entry.Href)));
        Assert.Empty(NavMenu.EntriesFor(ShellView.Empty));
    }

    [Fact]
    public void Search_WithText_OffersContactsFirst()
    {
        var view = new ShellView(null, [Acme, new ShellTenant("other", "Other", "Viewer")], Acme, []);

        Assert.Equal("/t/acme/contacts?q=ada%40", SearchPalette.ChoicesFor(view, " ada@ ")[0].Href);
        Assert.Contains(SearchPalette.ChoicesFor(view, "othe"), choice => choice.Href == "/t/other/campaigns");
    }

    private sealed class Page : ComponentBase
    {
        [Parameter]
        public required RenderFragment Content { get; set; }

        protected override void BuildRenderTree(Microsoft.AspNetCore.Components.Rendering.RenderTreeBuilder builder) =>
            Content(builder);
    }
}
