namespace Ledgerpost.Sending.Provider;

/// <summary>The connection to the provider: no redirects, no cookies, and time limits set by each call itself.</summary>
public sealed class ResendHttp(HttpMessageHandler handler) : HttpClient(handler)
{
    public static ResendHttp CreateClient() =>
        new(ResendClient.CreateHandler()) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
}
