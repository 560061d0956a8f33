using System.Net;
using System.Net.Http.Headers;
using Ledgerpost.Senders;

namespace Ledgerpost.Sending.Provider;

/// <summary>Asks the provider with one key for something that belongs to another.</summary>
public sealed class ResendAccountProbe(ResendHttp http, TimeProvider time) : IAccountProbe
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    public Task<bool?> CanReadEmailAsync(
        string baseUrl,
        string apiKey,
        string emailId,
        CancellationToken cancellation
    ) => CanReadAsync($"{baseUrl}/emails/{Uri.EscapeDataString(emailId)}", apiKey, cancellation);

    public Task<bool?> CanReadDomainAsync(
        string baseUrl,
        string apiKey,
        string domainId,
        CancellationToken cancellation
    ) => CanReadAsync($"{baseUrl}/domains/{Uri.EscapeDataString(domainId)}", apiKey, cancellation);

    private async Task<bool?> CanReadAsync(string url, string apiKey, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        request.Headers.TryAddWithoutValidation("User-Agent", "Ledgerpost/1.0");
        try
        {
            using var response = await http.SendAsync(request, both.Token);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => true,
                HttpStatusCode.NotFound or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => false,
                _ => null,
            };
        }
        catch (Exception exception)
            when (exception is HttpRequestException or IOException
                || (exception is OperationCanceledException && !cancellation.IsCancellationRequested)
            )
        {
            return null;
        }
    }
}
