namespace UITests.Support;

/// <summary>Who the tests are, and how they come in.</summary>
public static class Account
{
    public const string OperatorEmail = "operator@ledgerpost.test";
    public const string OperatorPassword = "Correct-Horse-42-Battery";

    /// <summary>Signs in through the real page and returns when the page behind it stands.</summary>
    public static async Task SignInAsync(
        this IPage page,
        PortalProcess portal,
        string email = OperatorEmail,
        string password = OperatorPassword
    )
    {
        await page.GotoAsync(portal.Url + AdminPortal.PortalUrls.SignIn);
        await page.GetByLabel("E-mail").FillAsync(email);
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Navigation, new() { Name = "Main" })).ToBeVisibleAsync();
    }

    /// <summary>
    /// Opens an address and waits for its title. Pages are not prerendered, so what is visible also answers to clicks.
    /// </summary>
    public static async Task OpenAsync(this IPage page, PortalProcess portal, string address)
    {
        await page.GotoAsync(portal.Url + address);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToBeVisibleAsync();
    }
}
