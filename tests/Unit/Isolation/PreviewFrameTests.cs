using System.Net;
using System.Text.RegularExpressions;
using UnitTests.Architecture;

namespace UnitTests.Isolation;

/// <summary>A mail's HTML is shown in a frame that may do nothing, wherever the portal shows one.</summary>
public sealed partial class PreviewFrameTests
{
    private const string Policy =
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; font-src data: https:\">";

    [Theory]
    [InlineData("/t/north/emails/<Email>", "Email")]
    [InlineData("/t/north/templates/<Template>", "Template")]
    public async Task Page_WithAMail_ShowsItInASandbox_UnderARuleOfItsOwn(string path, string kind)
    {
        await using var world = await TwoTenants.StartAsync();

        var page = await world.RenderAsync(new RouteAsk(path), world.OfNorth(kind));

        var frame = Assert.Single(Frame().Matches(page.Raw)).Value;
        Assert.Matches(" sandbox(=\"\")?[ >]", frame);
        Assert.DoesNotContain(" src=", frame, StringComparison.Ordinal);
        Assert.StartsWith(
            Policy,
            WebUtility.HtmlDecode(Document().Match(frame).Groups["text"].Value),
            StringComparison.Ordinal
        );
    }

    /// <summary>The two parts that those pages, the campaign's and the composer show a mail with; a third would have to be the same.</summary>
    [Fact]
    public void EveryFrameOfThePortal_HasTheEmptySandbox_AndTheDocumentWithTheRule()
    {
        var frames = SourceFiles
            .In("src", ".razor", ".cs")
            .Where(file => !file.Path.StartsWith("ResendEmulator/", StringComparison.Ordinal))
            .SelectMany(file => Frame().Matches(file.Text).Select(frame => (file.Path, Tag: frame.Value)))
            .ToList();

        Assert.Equal(
            [
                "AdminPortal/Features/Campaigns/Compose/PreviewPane.razor",
                "AdminPortal/Features/Campaigns/Watch/MailFrame.razor",
            ],
            frames.Select(frame => frame.Path).Order(StringComparer.Ordinal)
        );
        Assert.All(
            frames,
            frame =>
            {
                Assert.Contains(" sandbox=\"\" ", frame.Tag, StringComparison.Ordinal);
                Assert.Contains(" srcdoc=\"@PreviewFrame.Document(", frame.Tag, StringComparison.Ordinal);
            }
        );
    }

    [GeneratedRegex("<iframe[^>]*>", RegexOptions.None, 1000)]
    private static partial Regex Frame();

    [GeneratedRegex(" srcdoc=\"(?<text>[^\"]*)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Document();
}
