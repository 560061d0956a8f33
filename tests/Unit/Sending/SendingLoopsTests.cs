using Ledgerpost.Campaigns;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.Extensions.Logging.Abstractions;

namespace UnitTests.Sending;

/// <summary>The loops as a host starts them, on a clock that the test moves.</summary>
public sealed class SendingLoopsTests
{
    [Fact]
    public async Task Resume_WhoseHintIsLost_IsSent_WhenTheWorkersLookByThemselves()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.StoppedAfterAsync(chunks: 1, people: 300);
        var naps = new Naps(engine.Time);
        using var stop = new CancellationTokenSource();
        var running = Loops(engine, naps).RunWorkersAsync(stop.Token, CancellationToken.None);
        await PassAsync(engine, TimeSpan.Zero, () => Task.FromResult(naps.Long >= engine.Options.Workers));

        // As by another instance, whose word does not arrive.
        var resumed = await new ResumeCampaign(
            engine.Db,
            new SendingSignal(),
            engine.Notifier,
            NullLogger<ResumeCampaign>.Instance,
            engine.Options
        ).ExecuteAsync(
            engine.Tenant.As(TenantRole.Admin),
            id,
            new ResumeRequest(1, IncludeJoined: false),
            CancellationToken.None
        );
        Assert.IsType<ResumeResult.Resumed>(resumed);
        engine.Time.Advance(TimeSpan.FromSeconds(30));
        await PassAsync(
            engine,
            TimeSpan.FromMilliseconds(20),
            async () => (await engine.CampaignAsync(id)).Status == CampaignStatus.Sent
        );

        await stop.CancelAsync();
        await PassAsync(engine, TimeSpan.FromMilliseconds(20), () => Task.FromResult(running.IsCompleted));
        await running;
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    /// <summary>The clock goes on by so much at a time until this holds, for a minute at most.</summary>
    private static async Task PassAsync(EngineHarness engine, TimeSpan step, Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!await holds())
        {
            Assert.False(limit.IsCancellationRequested, $"After {engine.Provider.Calls.Count} calls.");
            await Task.Delay(1);
            engine.Time.Advance(step);
        }
    }

    private static SendingLoops Loops(EngineHarness engine, TimeProvider time) =>
        new(
            engine.Recover,
            engine.Dispatcher,
            engine.Claim,
            engine.Lanes,
            new ForgetOwnKeys(engine.Db),
            engine.Expire,
            engine.Due,
            engine.Accounts,
            engine.Signal,
            engine.Options,
            time,
            NullLogger<SendingLoops>.Instance
        );

    /// <summary>Counts who lies down for longer than whatever else rests here: the workers, when nothing waits.</summary>
    private sealed class Naps(TimeProvider clock) : TimeProvider
    {
        private int _long;

        public int Long => Volatile.Read(ref _long);

        public override long TimestampFrequency => clock.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = clock.CreateTimer(callback, state, dueTime, period);
            if (dueTime > TimeSpan.FromSeconds(15))
            {
                Interlocked.Increment(ref _long);
            }

            return timer;
        }
    }
}
