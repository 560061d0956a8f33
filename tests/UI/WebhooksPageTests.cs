using System.Net;
using System.Net.Sockets;
using System.Text;
using AdminPortal;
using UITests.Support;

namespace UITests;

/// <summary>An address of one's own: given, tried, seen to fail, mended, switched off, deleted.</summary>
public sealed class WebhooksPageTests(BrowserFixture browser)
    : PageTests(browser, ("OutgoingEvents:AllowPrivateAddresses", "true"))
{
    private readonly TcpListener _program = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private volatile string _answer = "200 OK";

    public override async Task InitializeAsync()
    {
        _program.Start();
        _ = AnswerAsync();
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _stop.CancelAsync();
        _program.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task Endpoint_IsMade_Tested_Mended_SwitchedOff_AndDeleted()
    {
        await OpenAsync(PortalUrls.Webhooks(Slug));
        await Expect(Page.GetByText("No program is told of anything.")).ToBeVisibleAsync();
        await LookAsync("webhooks-empty");
        await Page.GetByRole(AriaRole.Link, new() { Name = "New endpoint" }).ClickAsync();
        await Page.GetByRole(AriaRole.Textbox, new() { Name = "Address" }).FillAsync("ftp://example.org");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Make the endpoint" }).ClickAsync();
        await Expect(Page.GetByText("Must begin with https://.")).ToBeVisibleAsync();
        await Expect(Page.GetByText("Choose at least one event.")).ToBeVisibleAsync();
        await LookAsync("webhooks-form");

        var port = ((IPEndPoint)_program.LocalEndpoint).Port;
        await Page.GetByRole(AriaRole.Textbox, new() { Name = "Address" })
            .FillAsync($"http://127.0.0.1:{port}/hooks/ledgerpost");
        await Page.GetByRole(AriaRole.Checkbox, new() { Name = "campaign.sent" }).CheckAsync();
        await Page.GetByRole(AriaRole.Checkbox, new() { Name = "campaign.partial" }).CheckAsync();
        await Page.GetByRole(AriaRole.Checkbox, new() { Name = "recipient.bounced" }).CheckAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Make the endpoint" }).ClickAsync();
        await Expect(Page.GetByTestId("webhook-secret")).ToContainTextAsync("whsec_");
        await Expect(Page.GetByRole(AriaRole.Cell, new() { Name = "3 events" })).ToBeVisibleAsync();
        await LookAsync("webhooks-made");

        await Page.ReloadAsync();
        await Expect(Page.GetByRole(AriaRole.Cell, new() { Name = "3 events" })).ToBeVisibleAsync();
        await Expect(Page.GetByTestId("webhook-secret")).ToHaveCountAsync(0);
        await Page.GetByRole(AriaRole.Link, new() { Name = "/hooks/ledgerpost" }).ClickAsync();
        await Expect(Page.GetByText("Nothing was sent there yet.")).ToBeVisibleAsync();
        _answer = "500 Out-of-order";
        await Page.GetByRole(AriaRole.Button, new() { Name = "Send a test event" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Cell, new() { Name = "endpoint.test" })).ToBeVisibleAsync();
        await SeeAsync("Trying again");
        await Expect(Page.GetByText("Its deliveries fail")).ToBeVisibleAsync();
        await LookAsync("webhook-failing");

        _answer = "200 OK";
        await Page.GetByRole(AriaRole.Button, new() { Name = "Replay msg_" }).ClickAsync();
        await SeeAsync("Delivered");
        await Expect(Page.GetByText("Its deliveries fail")).ToHaveCountAsync(0);
        await LookAsync("webhook-delivered");

        await Page.GetByRole(AriaRole.Button, new() { Name = "New secret" }).ClickAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Make a new secret" }).ClickAsync();
        await Expect(Page.GetByText("The new secret is ready.")).ToBeVisibleAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "I have copied it" }).ClickAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Switch off" }).ClickAsync();
        await Expect(Page.GetByText("It is switched off.")).ToBeVisibleAsync();
        await LookAsync("webhook-off");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Switch it on" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Button, new() { Name = "Send a test event" })).ToBeVisibleAsync();

        await Page.GetByRole(AriaRole.Link, new() { Name = "Change" }).ClickAsync();
        await Page.GetByRole(AriaRole.Checkbox, new() { Name = "recipient.bounced" }).UncheckAsync();
        await LookAsync("webhook-change");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Button, new() { Name = "New secret" })).ToBeVisibleAsync();
        await Expect(Page.GetByText("recipient.bounced")).ToHaveCountAsync(0);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Delete the endpoint" }).ClickAsync();
        await Expect(Page.GetByText("No program is told of anything.")).ToBeVisibleAsync();
    }

    /// <summary>The page shows what was when it was loaded: loaded again until it shows this.</summary>
    private async Task SeeAsync(string state)
    {
        for (var i = 0; i < 30; i++)
        {
            await Page.ReloadAsync();
            await Expect(Page.GetByRole(AriaRole.Cell, new() { Name = "endpoint.test" })).ToBeVisibleAsync();
            if (await Page.GetByRole(AriaRole.Cell, new() { Name = state, Exact = true }).CountAsync() > 0)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        }

        Assert.Fail($"The delivery was never “{state}”.");
    }

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _program.AcceptTcpClientAsync(_stop.Token);
                var stream = client.GetStream();
                var buffer = new byte[16_384];
                _ = await stream.ReadAsync(buffer, _stop.Token);
                await stream.WriteAsync(
                    Encoding.ASCII.GetBytes($"HTTP/1.1 {_answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
                    _stop.Token
                );
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or IOException)
        {
            // The test is over.
        }
    }
}
