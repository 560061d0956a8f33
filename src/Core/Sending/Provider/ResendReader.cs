using System.Net.Http.Headers;
using System.Text;

namespace Ledgerpost.Sending.Provider;

/// <summary>Asks the provider what it knows. Changes nothing there.</summary>
public interface IProviderReader
{
    /// <summary>Never throws for what the network or the provider does.</summary>
    /// <param name="path">With its query: <c>/logs?limit=100</c>.</param>
    Task<ProviderAnswer> GetAsync(string baseUrl, string path, CancellationToken cancellation);
}

/// <summary>GET with the installation's key.</summary>
public sealed class ResendReader(ResendHttp http, ProviderEndpoint endpoint, TimeProvider time) : IProviderReader
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>A log entry holds a whole request of ours (docs/decisions/0004) and its answer.</summary>
    private const int MaxAnswerBytes = 32 * 1024 * 1024;

    public Task<ProviderAnswer> GetAsync(string baseUrl, string path, CancellationToken cancellation) =>
        GetAsync(baseUrl, path, endpoint.ApiKey, cancellation);

    internal async Task<ProviderAnswer> GetAsync(
        string baseUrl,
        string path,
        string apiKey,
        CancellationToken cancellation
    )
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, baseUrl + path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        request.Headers.TryAddWithoutValidation("User-Agent", "Ledgerpost/1.0");
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
            await using var stream = await response.Content.ReadAsStreamAsync(both.Token);
            using var body = new MemoryStream();
            var buffer = new byte[81920];
            for (int read; (read = await stream.ReadAsync(buffer, both.Token)) > 0; )
            {
                if (body.Length + read > MaxAnswerBytes)
                {
                    return new ProviderAnswer.None("The answer was longer than 32 MiB.");
                }

                body.Write(buffer, 0, read);
            }

            return new ProviderAnswer.Http(
                (int)response.StatusCode,
                Encoding.UTF8.GetString(body.GetBuffer(), 0, (int)body.Length),
                ProviderHeaders.Read(response.Headers)
            );
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception)
        {
            return new ProviderAnswer.None(exception.GetBaseException().Message);
        }
    }
}

/// <summary>GET with the key of a tenant's own account.</summary>
public sealed class OwnAccountReader(ResendReader reader, IOwnKeys keys, Guid accountId) : IProviderReader
{
    public async Task<ProviderAnswer> GetAsync(string baseUrl, string path, CancellationToken cancellation) =>
        await keys.FindAsync(accountId, cancellation) is { } key
            ? await reader.GetAsync(baseUrl, path, key, cancellation)
            : new ProviderAnswer.None("There is no key for this account any more.");
}
