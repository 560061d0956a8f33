using System.Net;
using UnitTests.Support;

namespace UnitTests.Webhooks;

/// <summary>The address that the provider calls, on the real host.</summary>
public sealed class WebhookHostTests
{
    [Theory]
    [InlineData(1024 * 1024, false, HttpStatusCode.Unauthorized)]
    [InlineData((1024 * 1024) + 1, false, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData((1024 * 1024) + 1, true, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Body_OfMoreThanAMegabyte_IsRefused(int bytes, bool chunked, HttpStatusCode expected)
    {
        await using var host = await RealHost.StartAsync();
        using var browser = host.Browser();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/webhooks/resend")
        {
            Content = new ByteArrayContent(new byte[bytes]),
        };
        request.Headers.TransferEncodingChunked = chunked;

        using var answer = await browser.SendAsync(request);

        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task AddressOfATenant_WithoutAnAccountOfItsOwn_TakesNothing()
    {
        await using var host = await RealHost.StartAsync();
        using var browser = host.Browser();
        using var body = new StringContent("{}");

        using var answer = await browser.PostAsync("/webhooks/resend/north", body);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }
}
