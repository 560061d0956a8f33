using System.Globalization;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using ResendEmulator.Control;
using ResendEmulator.Faults;
using ResendEmulator.Hosting;
using ResendEmulator.Protocol;
using ResendEmulator.Storage;

namespace ResendEmulator.Webhooks;

/// <summary>
/// Sends due events, signed, at least once. It sleeps until the next event is due on the emulator's clock or something
/// wakes it: an acceptance, a moved clock, a changed switch or endpoint.
/// </summary>
public sealed class WebhookSender : IAsyncDisposable
{
    private const int MostAtOnce = 200;
    private const int Parallel = 8;

    private readonly Database _database;
    private readonly WebhookEndpoints _endpoints;
    private readonly Switches _switches;
    private readonly EmulatorClock _clock;
    private readonly EmulatorOptions _options;
    private readonly EmulatorLife _life;
    private readonly ILogger<WebhookSender> _log;
    private readonly HttpClient _http;
    private readonly SemaphoreSlim _wake = new(0);
    private Task _loop = Task.CompletedTask;

    public WebhookSender(
        Database database,
        WebhookEndpoints endpoints,
        Switches switches,
        EmulatorClock clock,
        EmulatorOptions options,
        EmulatorLife life,
        ILogger<WebhookSender> log
    )
    {
        (_database, _endpoints, _switches, _clock) = (database, endpoints, switches, clock);
        (_options, _life, _log) = (options, life, log);
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseProxy = false,
                UseCookies = false,
            }
        )
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public void Start() => _loop = Task.Run(LoopAsync);

    public void Wake()
    {
        if (_wake.CurrentCount == 0)
        {
            _wake.Release();
        }
    }

    /// <summary>Makes one attempt for everything that is due now; returns how many events were tried.</summary>
    public async Task<int> RunOnceAsync()
    {
        if (_endpoints.Current is not { Enabled: true } endpoint || _switches.Current.WebhooksHeld)
        {
            return 0;
        }

        var now = Instant.Micros(_clock.GetUtcNow());
        var due = await _database.ReadAsync(sql => WebhookQueue.Due(sql, now, MostAtOnce));
        var groups = Arrange(due).GroupBy(item => item.MailId, StringComparer.Ordinal);
        await System.Threading.Tasks.Parallel.ForEachAsync(
            groups,
            new ParallelOptions
            {
                MaxDegreeOfParallelism = IsOrdered ? 1 : Parallel,
                CancellationToken = _life.Stopping,
            },
            async (events, _) =>
            {
                foreach (var item in events)
                {
                    await AttemptAsync(endpoint, item);
                }
            }
        );
        return due.Count;
    }

    public async ValueTask DisposeAsync()
    {
        await _loop;
        _http.Dispose();
        _wake.Dispose();
    }

    private bool IsOrdered => _switches.Current.WebhookOrder != WebhookOrder.AsHappened;

    private IEnumerable<DueEvent> Arrange(List<DueEvent> due) =>
        _switches.Current.WebhookOrder switch
        {
            WebhookOrder.Reversed => due.AsEnumerable().Reverse(),
            WebhookOrder.Shuffled => due.OrderBy(item => Chance.Of(_options.Seed ?? 1, item.Seq)),
            _ => due,
        };

    private async Task AttemptAsync(WebhookEndpoint endpoint, DueEvent item)
    {
        var startedAt = _clock.GetUtcNow();
        if (!endpoint.Takes(item.Type))
        {
            await _database.WriteAsync(sql => WebhookQueue.Taken(sql, item, "not subscribed", startedAt));
            return;
        }

        var body = WebhookPayload.Of(item);
        var (taken, answer) = await PostAsync(endpoint, item, body, startedAt);
        for (var copy = 0; copy < _switches.Current.WebhookCopies && taken; copy++)
        {
            await PostAsync(endpoint, item, body, startedAt);
        }

        await _database.WriteAsync(sql =>
        {
            if (taken)
            {
                WebhookQueue.Taken(sql, item, answer, startedAt);
            }
            else
            {
                WebhookQueue.Refused(sql, item, answer, startedAt);
            }
        });
    }

    private async Task<(bool Taken, string Answer)> PostAsync(
        WebhookEndpoint endpoint,
        DueEvent item,
        byte[] body,
        DateTimeOffset at
    )
    {
        var timestamp = at.ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint.Url)
        {
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("User-Agent", "Svix-Webhooks/1.0 (ResendEmulator)");
        request.Headers.Add("svix-id", item.SvixId);
        request.Headers.Add("svix-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("svix-signature", SvixSignature.Of(endpoint.Secret, item.SvixId, timestamp, body));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15), _clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _life.Stopping);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, end.Token);
            return (response.IsSuccessStatusCode, ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture));
        }
        catch (OperationCanceledException) when (!_life.Stopping.IsCancellationRequested)
        {
            return (false, "no answer within 15 s");
        }
        catch (HttpRequestException fault)
        {
            return (false, fault.Message);
        }
    }

    private async Task LoopAsync()
    {
        while (!_life.Stopping.IsCancellationRequested)
        {
            try
            {
                if (await RunOnceAsync() == 0)
                {
                    await SleepAsync();
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception fault)
            {
                _log.LogError(fault, "Webhooks could not be sent; trying again when something happens");
                await WaitAsync(Timeout.InfiniteTimeSpan);
            }
        }
    }

    private async Task SleepAsync()
    {
        var ready = _endpoints.Current is { Enabled: true } && !_switches.Current.WebhooksHeld;
        var next = ready ? await _database.ReadAsync(WebhookQueue.NextDue) : null;
        var wait = next is { } at ? Instant.From(at) - _clock.GetUtcNow() : Timeout.InfiniteTimeSpan;
        if (wait > TimeSpan.Zero || wait == Timeout.InfiniteTimeSpan)
        {
            await WaitAsync(wait);
        }
    }

    /// <summary>Until something wakes it or the time is over.</summary>
    private async Task WaitAsync(TimeSpan time)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_life.Stopping);
        // Timers take at most some 49 days; a longer wait just looks again.
        var limit = time > TimeSpan.FromDays(1) ? TimeSpan.FromDays(1) : time;
        var timer = Task.Delay(limit, _clock, end.Token);
        var woken = _wake.WaitAsync(end.Token);
        await Task.WhenAny(timer, woken);
        await end.CancelAsync();
        await Task.WhenAll(timer, woken)
            .ContinueWith(
                _ => { },
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
    }
}
