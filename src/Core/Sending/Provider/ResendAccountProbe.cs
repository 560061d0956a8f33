using System.Net;
using System.Net.Http.Headers;
using Ledgerpost.Senders;

namespace Ledgerpost.Sending.Provider;

/// <summary>Asks the provider with one key for something that belongs to another.</summary>
public sealed class ResendAccountProbe(ResendHttp http, TimeProvider time) : IAccountProbe, IKeyCheck
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

    public async Task<KeyAnswer> AskAsync(string baseUrl, string apiKey, CancellationToken cancellation)
    {
        var (status, body) = await GetAsync($"{baseUrl}/domains?limit=1", apiKey, cancellation);
        return status switch
        {
            HttpStatusCode.OK => KeyAnswer.Full,
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ProviderError
                .TryParse(body, (int)status)
                ?.Name switch
            {
                "restricted_api_key" => KeyAnswer.SendingOnly,
                // A firewall's page is not the provider's word.
                null => KeyAnswer.NoAnswer,
                _ => KeyAnswer.Refused,
            },
            _ => KeyAnswer.NoAnswer,
        };
    }

    private async Task<bool?> CanReadAsync(string url, string apiKey, CancellationToken cancellation) =>
        (await GetAsync(url, apiKey, cancellation)).Status switch
        {
            HttpStatusCode.OK => true,
            HttpStatusCode.NotFound or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => false,
            _ => null,
        };

    /// <returns>No status where there was no answer.</returns>
    private async Task<(HttpStatusCode? Status, string Body)> GetAsync(
        string url,
        string apiKey,
        CancellationToken cancellation
    )
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        request.Headers.TryAddWithoutValidation("User-Agent", "Ledgerpost/1.0");
        try
        {
            using var response = await http.SendAsync(request, both.Token);
            return (response.StatusCode, await response.Content.ReadAsStringAsync(both.Token));
        }
        catch (Exception exception)
            when (exception is HttpRequestException or IOException
                || (exception is OperationCanceledException && !cancellation.IsCancellationRequested)
            )
        {
            return (null, "");
        }
    }
}
