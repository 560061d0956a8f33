using AdminPortal;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using UITests.Support;

namespace UITests;

/// <summary>The shared parts at both widths and in both themes: pictures to look at, and WCAG 2.2 AA as axe sees it.</summary>
public sealed class GalleryLooksTests(PortalFixture fixture) : IClassFixture<PortalFixture>
{
    public static TheoryData<string, string> Pages =>
        new()
        {
            { "gallery", PortalUrls.Gallery },
            { "gallery-tables", PortalUrls.GalleryTables },
            { "gallery-tables-panel", PortalUrls.GalleryTables + "?open=3" },
            { "gallery-tables-empty", PortalUrls.GalleryTables + "?q=nobody" },
            { "gallery-tables-loading", PortalUrls.GalleryTables + "?show=loading" },
            { "gallery-script", PortalUrls.GalleryScript },
            { "gallery-static", PortalUrls.GalleryStatic },
        };

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task SharedParts_InBothThemesAndWidths_HaveNoAccessibilityViolation(string name, string address)
    {
        foreach (var (width, dark) in new[] { (1280, false), (390, true) })
        {
            var page = await fixture.NewPageAsync(width, dark: dark);
            await page.OpenAsync(fixture.Portal, address);
            var result = await page.RunAxe(
                new AxeRunOptions
                {
                    RunOnly = new RunOnlyOptions
                    {
                        Type = "tag",
                        Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
                    },
                }
            );

            Assert.True(
                result.Violations.Length == 0,
                $"{address} at {width} px, {(dark ? "dark" : "light")}:\n"
                    + string.Join(
                        '\n',
                        result.Violations.SelectMany(violation =>
                            violation.Nodes.Select(node =>
                                $"{violation.Id}: {node.Html}\n    {string.Join(" ", node.Any.Concat(node.All).Select(check => check.Message))}"
                            )
                        )
                    )
            );
            Assert.Equal(
                0,
                await page.EvaluateAsync<int>(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
            );
            // Last: the pictures change the theme, and axe would see its colours half-way.
            if (!dark)
            {
                await Screenshots.TakeAsync(page, name);
            }

            await page.Context.DisposeAsync();
        }
    }
}
