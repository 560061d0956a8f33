using AdminPortal;
using UITests.Support;

namespace UITests.Journeys;

/// <summary>What is done to contacts between two runs, through the pages.</summary>
internal static class People
{
    public static async Task DeleteContactAsync(this IPage page, Stage stage, string email)
    {
        await page.OpenAsync(stage.Portal, PortalUrls.Contacts(Stage.Tenant, q: email));
        await page.GetByRole(AriaRole.Button, new() { Name = $"Actions for {email}" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete" }).ClickAsync();
        await page.Question().GetByRole(AriaRole.Button, new() { Name = "Delete contact" }).ClickAsync();
        await Expect(page.GetByText("No contact matches.")).ToBeVisibleAsync();
    }

    public static async Task AddContactAsync(this IPage page, Stage stage, string email, string? tags = null)
    {
        await page.OpenAsync(stage.Portal, PortalUrls.Contacts(Stage.Tenant));
        await page.GetByRole(AriaRole.Link, new() { Name = "Add contact" }).ClickAsync();
        await page.GetByLabel("E-mail address").FillAsync(email);
        if (tags is not null)
        {
            await page.GetByLabel("Tags", new() { Exact = true }).FillAsync(tags);
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Add contact" }).ClickAsync();
        await Expect(page.GetByText("The contact was added.")).ToBeVisibleAsync();
    }
}
