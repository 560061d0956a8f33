using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace UITests.Support;

/// <summary>
/// The emulator's own record of what it took, read over its control API: the witness that no page of the portal can
/// colour. The same API breaks and heals it.
/// </summary>
public sealed partial class ProviderLedger(string address) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private readonly HttpClient _http = new() { BaseAddress = new Uri(address + "/emulator/api/") };

    /// <summary>The emulator inside a portal, at the address that the portal printed.</summary>
    public static ProviderLedger Of(PortalProcess portal) =>
        new(
            Inbox().Matches(portal.Output) is [.., var last]
                ? last.Groups["address"].Value
                : throw new InvalidOperationException($"The portal names no emulator:\n{portal.Output}")
        );

    public void Dispose() => _http.Dispose();

    /// <summary>Sets the one thing that goes wrong from now on; the fields are those of docs/emulator.md.</summary>
    public async Task BreakAsync(object fault)
    {
        using var answer = await _http.PutAsJsonAsync("faults", new[] { fault });
        answer.EnsureSuccessStatusCode();
    }

    public Task HealAsync() => PostAsync("faults/clear");

    /// <summary>Keeps its reports back for good.</summary>
    public Task HoldWebhooksAsync() => PostAsync("webhooks/hold");

    /// <summary>Who was mailed in this campaign, once for each mail; in the order of the mails.</summary>
    public async Task<IReadOnlyList<string>> MailedAsync(Guid campaign) =>
        [.. (await MailsAsync(campaign)).AsEnumerable().Reverse().SelectMany(mail => mail.To)];

    /// <summary>The campaign's mails, newest first.</summary>
    public async Task<IReadOnlyList<ProviderMail>> MailsAsync(Guid campaign) =>
        await _http.GetFromJsonAsync<List<ProviderMail>>($"mails?campaign={campaign:N}&limit=5000", Json) ?? [];

    /// <summary>The mail with its headers and content, as it stood in the request.</summary>
    public async Task<JsonElement> ReadAsync(string mailId) =>
        (await _http.GetFromJsonAsync<JsonElement>("mails/" + mailId)).GetProperty("source");

    /// <summary>Waits for a mail to this address whose text holds what is looked for, and gives the text; of several, the newest.</summary>
    public async Task<string> TextToAsync(string address, string holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            foreach (var mail in await _http.GetFromJsonAsync<List<ProviderMail>>("mails?limit=100", Json) ?? [])
            {
                if (
                    mail.To.Contains(address, StringComparer.OrdinalIgnoreCase)
                    && (await ReadAsync(mail.Id)).GetProperty("text").GetString() is { } text
                    && text.Contains(holds, StringComparison.Ordinal)
                )
                {
                    return text;
                }
            }

            await look.WaitForNextTickAsync(patience.Token);
        }
    }

    /// <summary>The address behind the mail's List-Unsubscribe header.</summary>
    public async Task<string> UnsubscribeLinkAsync(string mailId) =>
        (await ReadAsync(mailId)).GetProperty("headers").GetProperty("List-Unsubscribe").GetString()!.Trim('<', '>');

    /// <summary>Mails beyond the first to the same address in the same campaign, over all campaigns.</summary>
    public async Task<long> DuplicatesAsync() =>
        (await _http.GetFromJsonAsync<JsonElement>("state")).GetProperty("duplicates").GetInt64();

    /// <summary>Waits until the emulator has taken so many mails of the campaign, whatever it answered.</summary>
    public async Task HasTakenAsync(Guid campaign, int mails)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while ((await MailsAsync(campaign)).Count < mails)
        {
            await look.WaitForNextTickAsync(patience.Token);
        }
    }

    /// <summary>The sends over the wire, oldest first.</summary>
    public async Task<IReadOnlyList<ProviderCall>> SendsAsync() =>
        [
            .. (await _http.GetFromJsonAsync<List<ProviderCall>>("calls", Json) ?? []).Where(call =>
                call.IdempotencyKey is not null
            ),
        ];

    private async Task PostAsync(string command)
    {
        using var answer = await _http.PostAsync(new Uri(command, UriKind.Relative), null);
        answer.EnsureSuccessStatusCode();
    }

    [GeneratedRegex("read them at (?<address>http://[^/\\s]+)/", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Inbox();
}

/// <summary>A mail as the emulator took it.</summary>
public sealed record ProviderMail(string Id, IReadOnlyList<string> To, string From, string Subject, string LastEvent);

/// <summary>A line of the emulator's wire log.</summary>
public sealed record ProviderCall(string? IdempotencyKey, string? BodyHash, int Count, int? Status, bool Replayed);
