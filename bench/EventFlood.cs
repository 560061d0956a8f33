using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledgerpost.Recipients;

namespace Bench;

/// <summary>
/// Signed events over real sockets, so many a second whatever the answers take: about mails of a campaign that were accepted
/// while it runs, each reported as delivered, and then as opened or clicked.
/// </summary>
internal sealed class EventFlood(string address, int perSecond) : IDisposable
{
    private static readonly byte[] Key = Convert.FromBase64String(Portals.WebhookSecret["whsec_".Length..]);
    private static readonly string[] Types = ["email.delivered", "email.opened", "email.clicked"];

    private readonly HttpClient _http = new(
        new SocketsHttpHandler
        {
            MaxConnectionsPerServer = 64,
            UseProxy = false,
            AllowAutoRedirect = false,
        }
    );

    private readonly Queue<(int Number, int Chunk, int Generation, string EmailId)> _mails = new();
    private readonly ConcurrentBag<TimeSpan> _took = [];
    private long _after;
    private int _made;

    /// <summary>With 200; anything else ends the run.</summary>
    public int Answered => _took.Count;

    public TimeSpan Median => Took(0.5);
    public TimeSpan Slowest => Took(0.99);

    public async Task RunAsync(DbConnection ledger, SeededCampaign campaign, CancellationToken stop)
    {
        var answers = new List<Task>();
        var watch = Stopwatch.StartNew();
        var asked = TimeSpan.FromDays(-1);
        var made = 0;
        // Only full seconds' worth of what there is to tell: a flood that runs dry shows in the figure of the answered.
        while (!stop.IsCancellationRequested)
        {
            if (watch.Elapsed - asked > TimeSpan.FromMilliseconds(100))
            {
                asked = watch.Elapsed;
                await ReadAsync(ledger, campaign);
            }

            for (; made < watch.Elapsed.TotalSeconds * perSecond && Next(campaign) is { } body; made++)
            {
                answers.Add(PostAsync($"msg_{campaign.Id:N}{_made:D8}", body));
            }

            await Task.Delay(5, CancellationToken.None);
        }

        await Task.WhenAll(answers);
    }

    public void Dispose() => _http.Dispose();

    private TimeSpan Took(double part) => _took.Order().ElementAt((int)(part * (_took.Count - 1)));

    /// <summary>Each mail gives an event of each type, one mail after the other.</summary>
    private byte[]? Next(SeededCampaign campaign)
    {
        if (_mails.Count == 0)
        {
            return null;
        }

        var type = Types[_made % Types.Length];
        var mail = _mails.Peek();
        _made++;
        if (_made % Types.Length == 0)
        {
            _mails.Dequeue();
        }

        var now = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        var looked = new
        {
            ipAddress = "192.0.2.17",
            timestamp = now,
            userAgent = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
            link = "https://example.org/spring?utm_source=news",
        };
        var data = new Dictionary<string, object>
        {
            ["email_id"] = mail.EmailId,
            ["created_at"] = now,
            ["from"] = "Bench <news@bench.bench.test>",
            ["to"] = new[] { $"bench{mail.Number}@example.net" },
            ["subject"] = Content.Subject,
            ["tags"] = new Dictionary<string, string>
            {
                ["campaign"] = campaign.Id.ToString("N"),
                ["recipient"] = mail.Number.ToString(CultureInfo.InvariantCulture),
                ["chunk"] = mail.Chunk.ToString(CultureInfo.InvariantCulture),
                ["generation"] = mail.Generation.ToString(CultureInfo.InvariantCulture),
            },
        };
        if (type != Types[0])
        {
            data[type == Types[1] ? "open" : "click"] = looked;
        }

        return JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                type,
                created_at = now,
                data,
            }
        );
    }

    // What was accepted since, as the provider knows it: by its own ids.
    private async Task ReadAsync(DbConnection ledger, SeededCampaign campaign)
    {
        await using var question = ledger.Command(
            """
            SELECT "ChunkNumber", "Generation", "RecipientNumbers", "ProviderIds", "CompletedAt" FROM "Attempts"
            WHERE "TenantId" = @tenant AND "CampaignId" = @campaign AND "CompletedAt" > @after AND "Outcome" = 'Accepted'
            ORDER BY "CompletedAt" LIMIT 40
            """,
            ("tenant", campaign.TenantId),
            ("campaign", campaign.Id),
            ("after", _after)
        );
        await using var rows = await question.ExecuteReaderAsync();
        while (await rows.ReadAsync() && _mails.Count < perSecond)
        {
            var ids = JsonSerializer.Deserialize<List<string>>(rows.GetString(3))!;
            foreach (var (number, id) in NumberRanges.Expand(rows.GetString(2)).Zip(ids))
            {
                _mails.Enqueue((number, rows.GetInt32(0), rows.GetInt32(1), id));
            }

            _after = rows.GetInt64(4);
        }
    }

    private async Task PostAsync(string id, byte[] body)
    {
        var timestamp = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Key);
        hash.AppendData(Encoding.UTF8.GetBytes($"{id}.{timestamp}."));
        hash.AppendData(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{address}/webhooks/resend")
        {
            Content = new ByteArrayContent(body) { Headers = { { "Content-Type", "application/json" } } },
            Headers =
            {
                { "svix-id", id },
                { "svix-timestamp", timestamp },
                { "svix-signature", "v1," + Convert.ToBase64String(hash.GetHashAndReset()) },
            },
        };
        var began = Stopwatch.GetTimestamp();
        using var answer = await _http.SendAsync(request);
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            throw new InvalidOperationException($"An event was answered with {answer.StatusCode}.");
        }

        _took.Add(Stopwatch.GetElapsedTime(began));
    }
}
