using System.Globalization;
using System.Text.RegularExpressions;
using AdminPortal;
using UITests.Support;

namespace UITests.Journeys;

/// <summary>What a person does with a campaign, and what they see, in the words of the pages.</summary>
internal static partial class Campaigning
{
    private const string Html = """
        <h1>News</h1>
        <p>Dear {{fallback first_name "reader"}}, the shop opens on Friday.</p>
        <p>Northwind Garden, 12 Harbour Street, Bergen. <a href="{{unsubscribe_url}}">Unsubscribe</a></p>
        """;

    /// <summary>Writes a campaign to everybody, or to those with a tag, and stands on its compose page.</summary>
    public static async Task WriteAsync(this IPage page, Stage stage, string name, string? tag = null)
    {
        await page.OpenAsync(stage.Portal, PortalUrls.NewCampaign(Stage.Tenant));
        await page.GetByLabel("Name").FillAsync(name);
        await page.GetByRole(AriaRole.Button, new() { Name = "Start writing" }).ClickAsync();
        await page.GetByLabel("From").SelectOptionAsync(new SelectOptionValue { Index = 1 });
        await page.GetByLabel("Subject").FillAsync("News for {{fallback first_name \"you\"}}");
        await page.GetByLabel("Content, in HTML").FillAsync(Html);
        if (tag is not null)
        {
            await page.GetByLabel("Audience").SelectOptionAsync("Contacts with a tag");
            await page.GetByLabel("Tag", new() { Exact = true }).SelectOptionAsync(tag);
        }

        await Expect(page.GetByText("Ready", new() { Exact = true })).ToBeVisibleAsync();
    }

    /// <summary>Presses Launch, answers its dialog and returns the campaign's id from the address of its page.</summary>
    public static async Task<Guid> LaunchAsync(this IPage page, int people)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Launch ..." }).ClickAsync();
        return await page.AnswerLaunchAsync(people);
    }

    /// <summary>Says yes to the question that names so many people.</summary>
    public static async Task<Guid> AnswerLaunchAsync(this IPage page, int people)
    {
        await page.Question()
            .GetByRole(AriaRole.Button, new() { Name = $"Launch to {Count(people)} people" })
            .ClickAsync();
        await Expect(page).ToHaveURLAsync(CampaignAddress());
        return Guid.Parse(CampaignAddress().Match(page.Url).Groups["id"].Value);
    }

    public static async Task<Guid> WriteAndLaunchAsync(
        this IPage page,
        Stage stage,
        string name,
        string? tag = null,
        int people = Stage.Everybody
    )
    {
        await page.WriteAsync(stage, name, tag);
        return await page.LaunchAsync(people);
    }

    /// <summary>The open question.</summary>
    public static ILocator Question(this IPage page) => page.GetByRole(AriaRole.Dialog).Locator("visible=true");

    /// <summary>The campaign's status as the head of its page says it: "Sending", "Partial".</summary>
    public static Task StandsAtAsync(this IPage page, string status, float patience = 60_000) =>
        Expect(page.Locator(".page-header .status-badge")).ToHaveTextAsync(status, new() { Timeout = patience });

    /// <summary>One of the six counts under the bar.</summary>
    public static Task CountsAsync(this IPage page, string state, int people) =>
        Expect(
                page.GetByLabel("The ledger", new() { Exact = true })
                    .GetByRole(AriaRole.Link, new() { Name = $"{state} {Count(people)}", Exact = true })
            )
            .ToBeVisibleAsync();

    /// <summary>A row of the receipt: "1, launch", how many were planned and how many accepted.</summary>
    public static Task ReceiptAsync(this IPage page, int run, string kind, int planned, int accepted) =>
        Expect(
                page.GetByRole(AriaRole.Table, new() { Name = "Receipt: who went out in which run" })
                    .GetByRole(AriaRole.Row, new() { Name = $"{run}, {kind}" })
                    .GetByRole(AriaRole.Cell)
            )
            .ToContainTextAsync([$"{run}, {kind}", "", Count(planned), Count(accepted)]);

    /// <summary>Opens the question of a resume; what it says is for the journey to look at.</summary>
    public static async Task<ILocator> AskToResumeAsync(this IPage page)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume partial" }).ClickAsync();
        var dialog = page.Question();
        await Expect(dialog.GetByLabel("What a resume would do")).ToBeVisibleAsync();
        return dialog;
    }

    /// <summary>A number of the resume's preview.</summary>
    public static Task SaysAsync(this ILocator dialog, string label, int people) =>
        Expect(
                dialog
                    .GetByLabel("What a resume would do")
                    .Locator("div")
                    .Filter(new() { Has = dialog.Page.GetByText(label, new() { Exact = true }) })
                    .Locator("dd")
            )
            .ToHaveTextAsync(Count(people));

    public static Task SendToAsync(this ILocator dialog, int people) =>
        dialog
            .GetByRole(AriaRole.Button, new() { Name = $"Send to {Count(people)} people", Exact = true })
            .ClickAsync();

    /// <summary>The addresses of the first page of recipients in a state.</summary>
    public static async Task<IReadOnlyList<string>> RecipientsAsync(
        this IPage page,
        Stage stage,
        Guid campaign,
        string state
    )
    {
        await page.OpenAsync(stage.Portal, PortalUrls.Campaign(Stage.Tenant, campaign, state: state));
        var links = page.GetByRole(AriaRole.Region, new() { Name = "Recipients" })
            .GetByRole(AriaRole.Row)
            .GetByRole(AriaRole.Link);
        await Expect(links.First).ToBeVisibleAsync();
        return await links.AllInnerTextsAsync();
    }

    public static Task OpenCampaignAsync(this IPage page, Stage stage, Guid campaign) =>
        page.OpenAsync(stage.Portal, PortalUrls.Campaign(Stage.Tenant, campaign));

    public static string Count(int people) => people.ToString("N0", CultureInfo.InvariantCulture);

    [GeneratedRegex("/campaigns/(?<id>[0-9a-f]{8}-[0-9a-f-]{27})$", RegexOptions.None, 1000)]
    private static partial Regex CampaignAddress();
}
