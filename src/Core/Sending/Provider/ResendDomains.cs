using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Ledgerpost.Senders;

namespace Ledgerpost.Sending.Provider;

/// <summary>The provider's domain calls, over HTTP.</summary>
/// <param name="endpoint">Asked at each call: it is known only once the portal has started.</param>
public sealed class ResendDomains(ResendHttp http, Func<ProviderEndpoint> endpoint, IOwnKeys ownKeys, TimeProvider time)
    : IDomainProvider
{
    /// <summary>Of the list; the provider's own limit.</summary>
    private const int PageSize = 100;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    public Task<DomainAnswer> CreateAsync(Guid? own, string name, string region, CancellationToken cancellation) =>
        SendAsync(own, HttpMethod.Post, "/domains", new { name, region }, Whole, cancellation);

    public Task<DomainAnswer> GetAsync(Guid? own, string id, CancellationToken cancellation) =>
        SendAsync(own, HttpMethod.Get, $"/domains/{Uri.EscapeDataString(id)}", null, Whole, cancellation);

    public Task<DomainAnswer> VerifyAsync(Guid? own, string id, CancellationToken cancellation) =>
        SendAsync(own, HttpMethod.Post, $"/domains/{Uri.EscapeDataString(id)}/verify", null, Nothing, cancellation);

    public Task<DomainAnswer> DeleteAsync(string id, CancellationToken cancellation) =>
        SendAsync(null, HttpMethod.Delete, $"/domains/{Uri.EscapeDataString(id)}", null, Nothing, cancellation);

    public async Task<DomainAnswer> FindAsync(Guid? own, string name, CancellationToken cancellation)
    {
        string? after = null;
        while (true)
        {
            string? last = null;
            var answer = await SendAsync(
                own,
                HttpMethod.Get,
                $"/domains?limit={PageSize}" + (after is null ? "" : $"&after={Uri.EscapeDataString(after)}"),
                null,
                json => Match(json, name, out last),
                cancellation
            );
            if (answer is not DomainAnswer.Done || last is null)
            {
                return answer is DomainAnswer.Done ? new DomainAnswer.NotFound() : answer;
            }

            after = last;
        }
    }

    private static DomainAnswer Nothing(JsonElement json) => new DomainAnswer.Done();

    private static DomainAnswer Whole(JsonElement json) => new DomainAnswer.Known(Domain(json));

    // Done means: not on this page; last is then the id to go on from, if there is more.
    private static DomainAnswer Match(JsonElement json, string name, out string? last)
    {
        last = null;
        foreach (var item in json.GetProperty("data").EnumerateArray())
        {
            if (string.Equals(Text(item, "name"), name, StringComparison.OrdinalIgnoreCase))
            {
                return new DomainAnswer.Known(Domain(item));
            }

            last = Text(item, "id");
        }

        if (!json.TryGetProperty("has_more", out var more) || more.ValueKind != JsonValueKind.True)
        {
            last = null;
        }

        return new DomainAnswer.Done();
    }

    private async Task<DomainAnswer> SendAsync(
        Guid? own,
        HttpMethod method,
        string path,
        object? body,
        Func<JsonElement, DomainAnswer> read,
        CancellationToken cancellation
    )
    {
        var (_, baseUrl, installations, _) = endpoint();
        if ((own is { } account ? await ownKeys.FindAsync(account, cancellation) : installations) is not { } apiKey)
        {
            // Left since: nobody can be asked with it any more.
            return new DomainAnswer.NoAnswer();
        }

        using var timeout = new CancellationTokenSource(Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        using var request = new HttpRequestMessage(method, baseUrl + path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        request.Headers.TryAddWithoutValidation("User-Agent", "Ledgerpost/1.0");
        request.Content = body is null ? null : JsonContent.Create(body);
        try
        {
            using var response = await http.SendAsync(request, both.Token);
            var text = await response.Content.ReadAsStringAsync(both.Token);
            using var json = JsonDocument.Parse(text);
            return response.IsSuccessStatusCode
                ? read(json.RootElement)
                : Refusal(response.StatusCode, json.RootElement);
        }
        catch (Exception exception)
            when (exception
                    is HttpRequestException
                        or IOException
                        or JsonException
                        or KeyNotFoundException
                        or InvalidOperationException
                || (exception is OperationCanceledException && !cancellation.IsCancellationRequested)
            )
        {
            return new DomainAnswer.NoAnswer();
        }
    }

    private static DomainAnswer Refusal(HttpStatusCode status, JsonElement json)
    {
        var message = Text(json, "message");
        return (int)status switch
        {
            404 => new DomainAnswer.NotFound(),
            429 or >= 500 => new DomainAnswer.NoAnswer(),
            403 when message?.Contains("registered already", StringComparison.OrdinalIgnoreCase) == true =>
                new DomainAnswer.Exists(),
            _ => new DomainAnswer.Refused(message ?? $"HTTP {(int)status}."),
        };
    }

    private static ProviderDomain Domain(JsonElement json)
    {
        var word = Text(json, "status");
        IReadOnlyList<DnsRecord> records =
            json.TryGetProperty("records", out var all) && all.ValueKind == JsonValueKind.Array
                ? [.. all.EnumerateArray().Select(Record)]
                : [];
        return new ProviderDomain(
            Text(json, "id") ?? throw new JsonException("The domain has no id."),
            Text(json, "name") ?? "",
            Status(word, records),
            records
        )
        {
            NewWord = word is "pending" || Status(word, []) != DomainStatus.Pending ? null : word ?? "",
        };
    }

    /// <summary>Those that mail goes out with; tracking and receiving have records of their own.</summary>
    private static bool MaySend(IReadOnlyList<DnsRecord> records)
    {
        var needed = records.Where(record => record.Record is "SPF" or "DKIM").ToList();
        return needed.Exists(record => record.Record == "DKIM")
            && needed.TrueForAll(record => record.Status == "verified");
    }

    private static DnsRecord Record(JsonElement json) =>
        new(
            Text(json, "record") ?? "",
            Text(json, "type") ?? "",
            Text(json, "name") ?? "",
            Text(json, "value") ?? "",
            Text(json, "ttl"),
            json.TryGetProperty("priority", out var priority)
            && priority.ValueKind == JsonValueKind.Number
            && priority.TryGetInt32(out var number)
                ? number
                : null,
            Text(json, "status")
        );

    // A word that is new to us proves nothing, so it does not count as verified.
    private static DomainStatus Status(string? word, IReadOnlyList<DnsRecord> records) =>
        word switch
        {
            "verified" => DomainStatus.Verified,
            "partially_verified" or "partially_failed" when MaySend(records) => DomainStatus.Verified,
            "not_started" => DomainStatus.NotStarted,
            "partially_verified" => DomainStatus.PartiallyVerified,
            "partially_failed" => DomainStatus.PartiallyFailed,
            "failed" => DomainStatus.Failed,
            _ => DomainStatus.Pending,
        };

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object
        && json.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
