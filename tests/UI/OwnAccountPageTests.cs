using System.Net;
using System.Text;
using AdminPortal;
using UITests.Support;

namespace UITests;

/// <summary>An account of one's own at the provider: a wrong key, the right one, another, its webhook secrets, and back.</summary>
public sealed class OwnAccountPageTests : IAsyncLifetime
{
    private const string Slug = "demo";
    private readonly BrowserFixture _browser = new();
    private readonly HttpClient _client = new();
    private readonly HttpListener _provider = new();
    private EmulatorProcess _emulator = null!;
    private PortalProcess _portal = null!;
    private IPage _page = null!;

    public async Task InitializeAsync()
    {
        await _browser.InitializeAsync();
        _emulator = await EmulatorProcess.StartAsync(
            "http://127.0.0.1:9/none",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        );
        var url = PortalProcess.FreeAddress();
        _provider.Prefixes.Add(url + "/");
        _provider.Start();
        _ = AnswerAsync();
        _portal = await PortalProcess.StartAsync(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["Demo:Seed"] = "true",
                ["Resend:Mode"] = "Resend",
                ["Resend:BaseUrl"] = url,
                ["Resend:ApiKey"] = "re_emulator",
                ["Resend:WebhookSecret"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            }
        );
        _page = await _browser.NewPageAsync();
        await _page.SignInAsync(_portal);
    }

    public async Task DisposeAsync()
    {
        await _browser.DisposeAsync();
        await _portal.DisposeAsync();
        await _emulator.DisposeAsync();
        _provider.Close();
        _client.Dispose();
    }

    [Fact]
    public async Task Key_IsRefused_Kept_Replaced_AndGivenBack_AndNeverShown()
    {
        await _page.OpenAsync(_portal, PortalUrls.Senders(Slug));
        await _page.GetByRole(AriaRole.Button, new() { Name = "Use an account of our own" }).ClickAsync();
        var key = _page.GetByLabel("API key");
        await key.FillAsync("nonsense");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Keep this key" }).ClickAsync();
        await Expect(_page.GetByText("It begins with re_.")).ToBeVisibleAsync();
        await Expect(key).ToHaveValueAsync("nonsense");
        await key.FillAsync("re_wrong_key");
        await key.PressAsync("Enter");
        await Expect(_page.GetByText("The provider does not know this key.")).ToBeVisibleAsync();
        await key.FillAsync("re_emulator");
        await key.PressAsync("Enter");
        await Expect(_page.GetByText("This key belongs to the account of this installation")).ToBeVisibleAsync();
        await _page.LookAsync("own-account-refused");

        await key.FillAsync("re_own_first_aaaa");
        await key.PressAsync("Enter");
        await Expect(_page.GetByText("Its key ends in aaaa")).ToBeVisibleAsync();
        Assert.DoesNotContain("re_own_first", await _page.ContentAsync(), StringComparison.Ordinal);

        var secret = _page.GetByLabel("Signing secret");
        await secret.FillAsync("whsec_short");
        await secret.PressAsync("Enter");
        await Expect(_page.GetByText("This is not a signing secret.")).ToBeVisibleAsync();
        await secret.FillAsync("whsec_Zmlyc3RzZWNyZXRvZm5vcnRoMDE=");
        await secret.PressAsync("Enter");
        await Expect(_page.GetByText("Secret ending in MDE=")).ToBeVisibleAsync();
        await Expect(secret).ToHaveValueAsync("");
        await _page.LookAsync("own-account");

        await _page.GetByRole(AriaRole.Button, new() { Name = "Replace the key" }).ClickAsync();
        await key.FillAsync("re_own_second_bbbb");
        await key.PressAsync("Enter");
        await _page
            .GetByRole(AriaRole.Dialog)
            .GetByRole(AriaRole.Button, new() { Name = "Replace the key" })
            .ClickAsync();
        await Expect(_page.GetByText("Its key ends in bbbb")).ToBeVisibleAsync();
        // Nothing was sent with the first key: nothing ties the two, and what signed for one does not sign for the other.
        await Expect(_page.GetByText("Secret ending in MDE=")).ToHaveCountAsync(0);
        await secret.FillAsync("whsec_Zmlyc3RzZWNyZXRvZm5vcnRoMDE=");
        await secret.PressAsync("Enter");

        await _page.GetByRole(AriaRole.Button, new() { Name = "Remove the secret ending in MDE=" }).ClickAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Remove secret", Exact = true }).ClickAsync();
        await Expect(_page.GetByText("Secret ending in MDE=")).ToHaveCountAsync(0);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Go back to the installation's account" }).ClickAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Go back", Exact = true }).ClickAsync();
        await Expect(_page.GetByRole(AriaRole.Button, new() { Name = "Use an account of our own" })).ToBeVisibleAsync();
        Assert.DoesNotContain("re_own_", _portal.Output, StringComparison.Ordinal);
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
