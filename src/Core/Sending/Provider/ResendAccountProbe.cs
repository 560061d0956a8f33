using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
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
    ) => CanReadAsync($"{baseUrl}/emails/", emailId, apiKey, cancellation);

    public Task<bool?> CanReadDomainAsync(
        string baseUrl,
        string apiKey,
        string domainId,
        CancellationToken cancellation
    ) => CanReadAsync($"{baseUrl}/domains/", domainId, apiKey, cancellation);

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

    /// <returns>Null for whatever is not the provider's own word, such as a firewall's page.</returns>
    private async Task<bool?> CanReadAsync(string url, string id, string apiKey, CancellationToken cancellation)
    {
        var (status, body) = await GetAsync(url + Uri.EscapeDataString(id), apiKey, cancellation);
        return status switch
        {
            HttpStatusCode.OK when Names(body, id) => true,
            HttpStatusCode.NotFound
            or HttpStatusCode.Unauthorized
            or HttpStatusCode.Forbidden when ProviderError.TryParse(body, (int)status) is not null => false,
            _ => null,
        };
    }

    private static bool Names(string body, string id)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("id", out var named)
                && named.ValueKind == JsonValueKind.String
                && string.Equals(named.GetString(), id, StringComparison.OrdinalIgnoreCase);
        }
        catch (JsonException)
        {
            return false;
        }
    }

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
