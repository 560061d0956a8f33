using System.Threading.Channels;
using Ledgerpost;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Sending;
using Ledgerpost.Webhooks;

namespace AdminPortal.Hosting;

/// <param name="LookAnyway">How late a page may be when a hint was lost.</param>
public sealed record RelayTiming(TimeSpan LookAnyway)
{
    public static readonly RelayTiming Default = new(TimeSpan.FromSeconds(5));
}

/// <summary>
/// Several instances on one PostgreSQL: what is raised in one wakes the others. Only a hint, since a message may be lost:
/// workers look by themselves, and so does every open page, a few seconds later.
/// </summary>
public sealed class InstanceRelay(
    PortalDb db,
    CampaignNotifier notifier,
    SendingSignal sending,
    WebhookSignal events,
    IIds ids,
    TimeProvider time,
    RelayTiming timing,
    ILogger<InstanceRelay> logger
) : BackgroundService
{
    private const string Sending = "sending";
    private const string OwnSending = "own-sending";
    private const string Events = "events";

    /// <summary>What is raised in between travels together.</summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AfterAnError = TimeSpan.FromSeconds(5);

    private readonly string _me = ids.New().ToString("N");
    private readonly Channel<string> _raised = Channel.CreateBounded<string>(
        new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropWrite }
    );

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        sending.Raised += () => _raised.Writer.TryWrite(Sending);
        sending.Own.Raised += () => _raised.Writer.TryWrite(OwnSending);
        events.Raised += () => _raised.Writer.TryWrite(Events);
        notifier.Published += id => _raised.Writer.TryWrite(id.ToString("N"));
        await Task.WhenAll(
            AgainAsync(TellAsync, stoppingToken),
            AgainAsync(token => db.ListenAsync(LookAll, Hear, token), stoppingToken),
            AgainAsync(LookAsync, stoppingToken)
        );
    }

    private async Task TellAsync(CancellationToken stopping)
    {
        var messages = new HashSet<string>(StringComparer.Ordinal);
        while (await _raised.Reader.WaitToReadAsync(stopping))
        {
            await Task.Delay(Gather, time, stopping);
            while (_raised.Reader.TryRead(out var message))
            {
                messages.Add(message);
            }

            await db.NotifyAsync([.. messages.Select(message => $"{_me} {message}")], stopping);
            messages.Clear();
        }
    }

    private void Hear(string told)
    {
        var parts = told.Split(' ');
        if (parts.Length != 2 || parts[0] == _me)
        {
            return;
        }

        switch (parts[1])
        {
            case Sending:
                sending.RaiseHere();
                break;
            case OwnSending:
                sending.Own.RaiseHere();
                break;
            case Events:
                events.RaiseHere();
                break;
            default:
                if (Guid.TryParseExact(parts[1], "N", out var campaignId))
                {
                    notifier.PublishHere(campaignId);
                }

                break;
        }
    }

    /// <summary>After a break: whatever was told meanwhile was not heard.</summary>
    private void LookAll()
    {
        sending.RaiseHere();
        events.RaiseHere();
    }

    private async Task LookAsync(CancellationToken stopping)
    {
        while (true)
        {
            await Task.Delay(timing.LookAnyway, time, stopping);
            foreach (var campaignId in notifier.Watched)
            {
                notifier.PublishHere(campaignId);
            }
        }
    }

    private async Task AgainAsync(Func<CancellationToken, Task> work, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await work(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                logger.LogWarning(
                    exception,
                    "The other instances are not heard; tried again in {Pause}.",
                    AfterAnError
                );
                await Task.Delay(AfterAnError, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
