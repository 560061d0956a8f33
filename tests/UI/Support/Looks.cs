using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;

namespace UITests.Support;

public static class Looks
{
    /// <summary>
    /// WCAG 2.2 AA as axe sees it, nothing wider than the window; and pictures to look at (<see cref="Screenshots"/>).
    /// </summary>
    public static async Task LookAsync(this IPage page, string name)
    {
        // A mail's preview is a frame in which no script runs: axe would wait there for good.
        if (page.Frames.Count == 1)
        {
            await CheckAsync(page, name);
        }

        await Screenshots.TakeAsync(page, name, fullPage: false);
        await page.SetViewportSizeAsync(390, 844);
        var tooWide = await page.EvaluateAsync<int>(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        );
        await page.SetViewportSizeAsync(1280, 800);
        Assert.True(tooWide <= 0, $"{name} is {tooWide} px too wide at 390 px.");
    }

    private static async Task CheckAsync(IPage page, string name)
    {
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
            $"{name}:\n"
                + string.Join(
                    '\n',
                    result.Violations.SelectMany(violation =>
                        violation.Nodes.Select(node =>
                            $"{violation.Id}: {node.Html}\n    {string.Join(" ", node.Any.Concat(node.All).Select(check => check.Message))}"
                        )
                    )
                )
        );
    }
}
