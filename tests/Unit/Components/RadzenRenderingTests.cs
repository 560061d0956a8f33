using Bunit;
using Radzen;
using Radzen.Blazor;

namespace UnitTests.Components;

/// <summary>Shows that bUnit, referenced as files (see Unit.csproj), renders Radzen's parts and follows a click.</summary>
public sealed class RadzenRenderingTests : BunitContext
{
    public RadzenRenderingTests()
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddRadzenComponents();
    }

    [Fact]
    public void RadzenButton_Clicked_CallsItsHandler()
    {
        var clicks = 0;
        var button = Render<RadzenButton>(parameters =>
            parameters.Add(part => part.Text, "Launch").Add(part => part.Click, _ => clicks++)
        );

        button.Find("button").Click();

        Assert.Equal(1, clicks);
        Assert.Contains("Launch", button.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void RadzenText_Rendered_MatchesItsMarkup()
    {
        var text = Render<RadzenText>(parameters =>
            parameters.Add(part => part.TagName, TagName.P).AddChildContent("Nobody was mailed twice.")
        );

        text.MarkupMatches("<p diff:ignoreAttributes>Nobody was mailed twice.</p>");
        Assert.Throws<HtmlEqualException>(() => text.MarkupMatches("<p diff:ignoreAttributes>Somebody was.</p>"));
    }
}
