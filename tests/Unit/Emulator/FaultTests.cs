using System.Net;
using ResendEmulator.Faults;
using UnitTests.Emulator.Support;
using static UnitTests.Emulator.Support.EmulatorHarness;

namespace UnitTests.Emulator;

public sealed class FaultTests
{
    [Fact]
    public async Task FromTheThirdBatchOn_ForTwoCalls_ThenHealedByItself()
    {
        await using var emulator = await StartAsync();
        await emulator.Control.SetFaultsAsync(
            new FaultRule
            {
                On = FaultTarget.Batch,
                From = 3,
                Times = 2,
                Status = 500,
            }
        );
        await emulator.EmailAsync(Json(Mail("single@one.test")));
        var codes = new List<int>();
        for (var i = 0; i < 5; i++)
        {
            codes.Add((await emulator.BatchAsync(Batch($"r{i}@one.test"))).Code);
        }

        Assert.Equal([200, 200, 500, 500, 200], codes);
        Assert.Equal(4, (await emulator.Control.StateAsync()).Mails);
    }

    [Theory]
    [InlineData(FaultKind.Refuse, 503)]
    [InlineData(FaultKind.Html, 502)]
    [InlineData(FaultKind.Garbage, 200)]
    [InlineData(FaultKind.Redirect, 307)]
    public async Task Answer_InPlaceOfTheOwn_BeforeOrAfterAcceptance(FaultKind kind, int status)
    {
        await using var emulator = await StartAsync();
        await emulator.Control.SetFaultsAsync(new FaultRule { Kind = kind, Times = 1 });
        var before = await emulator.BatchAsync(Batch("a@one.test"), "k1");
        Assert.Equal(status, before.Code);
        Assert.Equal(0, (await emulator.Control.StateAsync()).Mails);

        await emulator.Control.SetFaultsAsync(
            new FaultRule
            {
                Kind = kind,
                Point = FaultPoint.After,
                Times = 1,
            }
        );
        var after = await emulator.BatchAsync(Batch("a@one.test"), "k1");
        Assert.Equal(status, after.Code);
        Assert.Equal(before.Body, after.Body);
        Assert.Equal(1, (await emulator.Control.StateAsync()).Mails);

        var repeat = await emulator.BatchAsync(Batch("a@one.test"), "k1");
        Assert.Equal((await emulator.Control.MailsAsync())[0].Id, Assert.Single(repeat.Ids));
        Assert.Equal(
            [(status, false), (status, false), (200, true)],
            (await emulator.Control.CallsAsync()).Select(call => (call.WireStatus!.Value, call.Replayed))
        );
    }

    [Theory]
    [InlineData(FaultPoint.Before, 0)]
    [InlineData(FaultPoint.After, 1)]
    public async Task Cut_EndsTheConnection_AndTheRepeatSendsOnce(FaultPoint point, int accepted)
    {
        await using var emulator = await StartAsync();
        await emulator.Control.SetFaultsAsync(
            new FaultRule
            {
                Kind = FaultKind.Cut,
                Point = point,
                Times = 1,
            }
        );
        await Assert.ThrowsAsync<HttpRequestException>(() => emulator.BatchAsync(Batch("a@one.test"), "k1"));
        Assert.Equal(accepted, (await emulator.Control.StateAsync()).Mails);

        var repeat = await emulator.BatchAsync(Batch("a@one.test"), "k1");
        Assert.Equal(200, repeat.Code);
        Assert.Equal(1, (await emulator.Control.StateAsync()).Mails);
        Assert.Null((await emulator.Control.CallsAsync())[0].WireStatus);
    }

    [Fact]
    public async Task HalfAnswer_ArrivesBroken_AndIsAccepted()
    {
        await using var emulator = await StartAsync();
        await emulator.Control.SetFaultsAsync(new FaultRule { Kind = FaultKind.HalfAnswer, Times = 1 });
        await Assert.ThrowsAnyAsync<Exception>(() => emulator.BatchAsync(Batch("a@one.test"), "k1"));

        Assert.Equal(1, (await emulator.Control.StateAsync()).Mails);
    }

    [Fact]
    public async Task HangAfter_TheCallerGivesUp_AndTheRepeatGetsTheIds()
    {
        await using var emulator = await StartAsync();
        await emulator.Control.SetFaultsAsync(
            new FaultRule
            {
                Kind = FaultKind.Hang,
                Point = FaultPoint.After,
                Times = 1,
            }
        );
        using var giveUp = new CancellationTokenSource();
        var first = emulator.BatchAsync(Batch("a@one.test"), "k1", cancellationToken: giveUp.Token);
        await emulator.Control.NextHangAsync();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        var repeat = await emulator.BatchAsync(Batch("a@one.test"), "k1");

        Assert.Equal((await emulator.Control.MailsAsync()).Select(mail => mail.Id), repeat.Ids);
    }

    [Fact]
    public async Task Slow_AnswersAfterItsDelay()
    {
        await using var emulator = await StartAsync();
        await emulator.Control.SetFaultsAsync(
            new FaultRule
            {
                Kind = FaultKind.Slow,
                DelayMilliseconds = 7000,
                Times = 1,
            }
        );
        var call = emulator.BatchAsync(Batch("a@one.test"));
        await Until(() => emulator.Time.TimersWithin(TimeSpan.FromSeconds(7)) > 0);
        Assert.False(call.IsCompleted);
        Assert.Equal(0, (await emulator.Control.StateAsync()).Mails);
        emulator.Time.Advance(TimeSpan.FromSeconds(7));

        Assert.Equal(200, (await call).Code);
    }

    [Fact]
    public async Task Slow_IsOverWhenTheFaultsAreCleared()
    {
        await using var emulator = await StartAsync();
        await emulator.Control.SetFaultsAsync(new FaultRule { Kind = FaultKind.Slow, DelayMilliseconds = 7000 });
        var call = emulator.BatchAsync(Batch("a@one.test"));
        await Until(() => emulator.Time.TimersWithin(TimeSpan.FromSeconds(7)) > 0);

        await emulator.Control.HealAsync();

        Assert.Equal(200, (await call).Code);
    }

    [Fact]
    public async Task SlowBefore_IsAcceptedThoughTheCallerHasGivenUp()
    {
        await using var emulator = await StartAsync();
        await emulator.Control.SetFaultsAsync(
            new FaultRule
            {
                Kind = FaultKind.Slow,
                DelayMilliseconds = 7000,
                Times = 1,
            }
        );
        using var giveUp = new CancellationTokenSource();
        var call = emulator.BatchAsync(Batch("a@one.test"), "k1", cancellationToken: giveUp.Token);
        await Until(() => emulator.Time.TimersWithin(TimeSpan.FromSeconds(7)) > 0);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        var meanwhile = await emulator.BatchAsync(Batch("a@one.test"), "k1");
        emulator.Time.Advance(TimeSpan.FromSeconds(7));
        await UntilAsync(async () => (await emulator.Control.StateAsync()).Mails == 1);
        var repeat = await emulator.BatchAsync(Batch("a@one.test"), "k1");

        Assert.Equal("concurrent_idempotent_requests", meanwhile.Name);
        Assert.True(repeat.Code is 200 or 409, repeat.Body);
        Assert.Equal(1, (await emulator.Control.StateAsync()).Mails);
    }

    [Fact]
    public async Task ShortAnswer_LacksIds_ThoughAllIsAccepted()
    {
        await using var emulator = await StartAsync();
        await emulator.Control.SetFaultsAsync(
            new FaultRule
            {
                Kind = FaultKind.ShortAnswer,
                MissingIds = 2,
                Times = 1,
            }
        );
        var reply = await emulator.BatchAsync(Batch("a@one.test", "b@one.test", "c@one.test"), "k1");
        var repeat = await emulator.BatchAsync(Batch("a@one.test", "b@one.test", "c@one.test"), "k1");

        Assert.Single(reply.Ids);
        Assert.Equal(3, repeat.Ids.Length);
        Assert.Equal(3, (await emulator.Control.StateAsync()).Mails);
    }

    [Fact]
    public async Task Refuse_SpeaksAnyStatusNameAndMessage()
    {
        await using var emulator = await StartAsync();
        await emulator.Control.SetFaultsAsync(
            new FaultRule
            {
                Status = 429,
                Name = "daily_quota_exceeded",
                Message = "Enough for today.",
                RetryAfter = 3600,
            }
        );
        var reply = await emulator.BatchAsync(Batch("a@one.test"));

        Assert.Equal((429, "daily_quota_exceeded", "Enough for today."), (reply.Code, reply.Name, reply.Message));
        Assert.Equal("3600", reply.Headers["retry-after"]);
    }

    [Fact]
    public async Task Rule_WithAnAddress_HitsOnlyCallsToIt()
    {
        await using var emulator = await StartAsync();
        await emulator.Control.SetFaultsAsync(new FaultRule { Address = "POISON", Status = 422 });
        var clean = await emulator.BatchAsync(Batch("a@one.test"));
        var poisoned = await emulator.BatchAsync(Batch("a@one.test", "poison@one.test"));

        Assert.Equal((200, 422), (clean.Code, poisoned.Code));
    }

    [Fact]
    public async Task Share_IsTheSameForTheSameSeed_AndAboutAsLargeAsAsked()
    {
        async Task<string> PatternAsync(int seed)
        {
            await using var emulator = await StartAsync();
            await emulator.Control.SetFaultsAsync(new FaultRule { Share = 0.3, Seed = seed });
            var pattern = "";
            for (var i = 0; i < 60; i++)
            {
                pattern += (await emulator.BatchAsync(Batch($"r{i}@one.test"))).Code == 200 ? "." : "x";
            }

            return pattern;
        }

        var first = await PatternAsync(7);
        Assert.Equal(first, await PatternAsync(7));
        Assert.NotEqual(first, await PatternAsync(8));
        Assert.InRange(first.Count(c => c == 'x'), 8, 30);
    }

    [Fact]
    public async Task Fault_OnEverything_HitsReadsToo_AndHealEndsIt()
    {
        await using var emulator = await StartAsync();
        await emulator.Control.SetFaultsAsync(new FaultRule { On = FaultTarget.Everything });
        var hit = await emulator.GetAsync("/emails");
        await emulator.Control.HealAsync();
        var healed = await emulator.GetAsync("/emails");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (hit.Status, healed.Status));
    }

    private static Task Until(Func<bool> seen) => UntilAsync(() => Task.FromResult(seen()));

    /// <summary>Looks again and again, without waiting for a time, for at most ten seconds.</summary>
    private static async Task UntilAsync(Func<Task<bool>> seen)
    {
        var limit = System.Diagnostics.Stopwatch.StartNew();
        while (!await seen())
        {
            Assert.True(limit.Elapsed < TimeSpan.FromSeconds(10), "It did not happen within ten seconds.");
            await Task.Yield();
        }
    }
}
