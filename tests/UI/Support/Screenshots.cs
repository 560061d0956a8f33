namespace UITests.Support;

/// <summary>
/// Pictures to look at, in artifacts/screenshots: each page at both widths and in both themes. Only with PICTURES=1 in the
/// environment, for they take most of a browser's time.
/// </summary>
public static class Screenshots
{
    private static readonly (int Width, int Height)[] Sizes = [(1280, 800), (390, 844)];

    /// <summary>Writes NAME-1280-light.png, NAME-1280-dark.png, NAME-390-light.png and NAME-390-dark.png.</summary>
    public static async Task TakeAsync(IPage page, string name, bool fullPage = true)
    {
        if (Environment.GetEnvironmentVariable("PICTURES") != "1")
        {
            return;
        }

        var folder = Directory.CreateDirectory(Path.Combine(Repository.Artifacts, "screenshots")).FullName;
        var before = page.ViewportSize;
        foreach (var (width, height) in Sizes)
        {
            await page.SetViewportSizeAsync(width, height);
            foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await page.EmulateMediaAsync(new() { ColorScheme = scheme });
                var theme = scheme == ColorScheme.Dark ? "dark" : "light";
                await page.ScreenshotAsync(
                    new()
                    {
                        Path = Path.Combine(folder, $"{name}-{width}-{theme}.png"),
                        FullPage = fullPage,
                        Animations = ScreenshotAnimations.Disabled,
                    }
                );
            }
        }

        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        if (before is not null)
        {
            await page.SetViewportSizeAsync(before.Width, before.Height);
        }
    }
}
