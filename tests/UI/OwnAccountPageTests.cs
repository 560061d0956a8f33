using System.Net;
using System.Text;
using AdminPortal;
using UITests.Support;

namespace UITests;

/// <summary>An account of one's own at the provider: a wrong key, the right one, another, its webhook secrets, and back.</summary>
public sealed class OwnAccountPageTests : PageTests
{
    private const string WebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private readonly HttpClient _client = new();
    private readonly HttpListener _provider = new();
    private EmulatorProcess _emulator = null!;

    public OwnAccountPageTests(BrowserFixture browser)
        : this(browser, PortalProcess.FreeAddress()) { }

    private OwnAccountPageTests(BrowserFixture browser, string provider)
        : base(
            browser,
            ("Resend:Mode", "Resend"),
            ("Resend:BaseUrl", provider),
            ("Resend:ApiKey", "re_emulator"),
            ("Resend:WebhookSecret", WebhookSecret)
        ) => _provider.Prefixes.Add(provider + "/");

    public override async Task InitializeAsync()
    {
        _emulator = await EmulatorProcess.StartAsync("http://127.0.0.1:9/none", WebhookSecret);
        _provider.Start();
        _ = AnswerAsync();
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _emulator.DisposeAsync();
        _provider.Close();
        _client.Dispose();
    }

    [Fact]
    public async Task Key_IsRefused_Kept_Replaced_AndGivenBack_AndNeverShown()
    {
        await OpenAsync(PortalUrls.Senders(Slug));
        await Page.GetByRole(AriaRole.Button, new() { Name = "Use an account of our own" }).ClickAsync();
        var key = Page.GetByLabel("API key");
        await key.FillAsync("nonsense");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Keep this key" }).ClickAsync();
        await Expect(Page.GetByText("It begins with re_.")).ToBeVisibleAsync();
        await Expect(key).ToHaveValueAsync("nonsense");
        await key.FillAsync("re_wrong_key");
        await key.PressAsync("Enter");
        await Expect(Page.GetByText("The provider does not know this key.")).ToBeVisibleAsync();
        await key.FillAsync("re_emulator");
        await key.PressAsync("Enter");
        await Expect(Page.GetByText("This key belongs to the account of this installation")).ToBeVisibleAsync();
        await LookAsync("own-account-refused");

        await key.FillAsync("re_own_first_aaaa");
        await key.PressAsync("Enter");
        await Expect(Page.GetByText("Its key ends in aaaa")).ToBeVisibleAsync();
        Assert.DoesNotContain("re_own_first", await Page.ContentAsync(), StringComparison.Ordinal);

        var secret = Page.GetByLabel("Signing secret");
        await secret.FillAsync("whsec_short");
        await secret.PressAsync("Enter");
        await Expect(Page.GetByText("This is not a signing secret.")).ToBeVisibleAsync();
        await secret.FillAsync("whsec_Zmlyc3RzZWNyZXRvZm5vcnRoMDE=");
        await secret.PressAsync("Enter");
        await Expect(Page.GetByText("Secret ending in MDE=")).ToBeVisibleAsync();
        await Expect(secret).ToHaveValueAsync("");
        await LookAsync("own-account");

        await Page.GetByRole(AriaRole.Button, new() { Name = "Replace the key" }).ClickAsync();
        await key.FillAsync("re_own_second_bbbb");
        await key.PressAsync("Enter");
        await Page.GetByRole(AriaRole.Dialog)
            .GetByRole(AriaRole.Button, new() { Name = "Replace the key" })
            .ClickAsync();
        await Expect(Page.GetByText("Its key ends in bbbb")).ToBeVisibleAsync();
        // Nothing was sent with the first key: nothing ties the two, and what signed for one does not sign for the other.
        await Expect(Page.GetByText("Secret ending in MDE=")).ToHaveCountAsync(0);
        await secret.FillAsync("whsec_Zmlyc3RzZWNyZXRvZm5vcnRoMDE=");
        await secret.PressAsync("Enter");

        await Page.GetByRole(AriaRole.Button, new() { Name = "Remove the secret ending in MDE=" }).ClickAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Remove secret", Exact = true }).ClickAsync();
        await Expect(Page.GetByText("Secret ending in MDE=")).ToHaveCountAsync(0);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Go back to the installation's account" }).ClickAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Go back", Exact = true }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Button, new() { Name = "Use an account of our own" })).ToBeVisibleAsync();
        Assert.DoesNotContain("re_own_", Portal.Output, StringComparison.Ordinal);
    }

    /// <summary>The emulator has one account. Keys that begin with re_own are of another one, which has nothing in it.</summary>
    private async Task AnswerAsync()
    {
        while (_provider.IsListening)
        {
            HttpListenerContext call;
            try
            {
                call = await _provider.GetContextAsync();
            }
            catch (Exception) when (!_provider.IsListening)
            {
                return;
            }

            _ = AnswerAsync(call);
        }
    }

    private async Task AnswerAsync(HttpListenerContext call)
    {
        var path = call.Request.RawUrl!;
        if (call.Request.Headers["Authorization"]?.StartsWith("Bearer re_own", StringComparison.Ordinal) == true)
        {
            var list = path.StartsWith("/domains?", StringComparison.Ordinal);
            call.Response.StatusCode = list ? 200 : 404;
            var said = list
                ? """{"object":"list","has_more":false,"data":[]}"""
                : """{"statusCode":404,"name":"not_found","message":"Not found"}""";
            await call.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(said));
            call.Response.Close();
            return;
        }

        using var request = new HttpRequestMessage(new HttpMethod(call.Request.HttpMethod), _emulator.Url + path);
        if (call.Request.HasEntityBody)
        {
            request.Content = new StreamContent(call.Request.InputStream);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", call.Request.ContentType);
        }

        foreach (var name in new[] { "Authorization", "User-Agent", "Idempotency-Key", "x-batch-validation" })
        {
            request.Headers.TryAddWithoutValidation(name, call.Request.Headers[name]);
        }

        using var answer = await _client.SendAsync(request);
        call.Response.StatusCode = (int)answer.StatusCode;
        await answer.Content.CopyToAsync(call.Response.OutputStream);
        call.Response.Close();
    }
}
