using ResendEmulator.Faults;
using ResendEmulator.Protocol;
using UnitTests.Emulator.Support;
using static UnitTests.Emulator.Support.EmulatorHarness;

namespace UnitTests.Emulator;

public sealed class IdempotencyTests
{
    [Fact]
    public async Task Batch_SameKeyAndBody_ReturnsTheSameIdsAndSendsNothing()
    {
        await using var emulator = await StartAsync();
        var first = await emulator.BatchAsync(Batch("a@one.test", "b@one.test"), "k1");
        var again = await emulator.BatchAsync(Batch("a@one.test", "b@one.test"), "k1");

        Assert.Equal(200, again.Code);
        Assert.Equal(first.Body, again.Body);
        Assert.Equal(2, (await emulator.Control.StateAsync()).Mails);
        var calls = await emulator.Control.CallsAsync();
        Assert.Equal([false, true], calls.Select(call => call.Replayed));
        Assert.Equal(calls[0].BodyHash, calls[1].BodyHash);
        Assert.All(calls, call => Assert.Equal("k1", call.IdempotencyKey));
    }

    [Fact]
    public async Task Batch_SameKeyAndBodyWrittenOtherwise_IsTheSamePayload()
    {
        await using var emulator = await StartAsync();
        const string One = """[{"from":"news@demo.ledgerpost.test","to":"a@one.test","subject":"x","text":"y"}]""";
        const string Other =
            """[ { "to": "a@one.test", "subject": "x", "text": "y", "from": "news@demo.ledgerpost.test" } ]""";
        var first = await emulator.BatchAsync(One, "k1");
        var again = await emulator.BatchAsync(Other, "k1");

        Assert.Equal(first.Ids, again.Ids);
    }

    [Fact]
    public async Task Batch_SameKeyOtherBody_Is409AndSendsNothing()
    {
        await using var emulator = await StartAsync();
        await emulator.BatchAsync(Batch("a@one.test"), "k1");
        var other = await emulator.BatchAsync(Batch("b@one.test"), "k1");

        Assert.Equal((409, "invalid_idempotent_request"), (other.Code, other.Name));
        Assert.Equal(1, (await emulator.Control.StateAsync()).Mails);
    }

    [Fact]
    public async Task Key_OnTheOtherEndpoint_IsAnotherKey()
    {
        await using var emulator = await StartAsync();
        await emulator.BatchAsync(Batch("a@one.test"), "k1");
        var single = await emulator.EmailAsync(Json(Mail("a@one.test")), "k1");

        Assert.Equal(200, single.Code);
        Assert.Equal(2, (await emulator.Control.StateAsync()).Mails);
    }

    [Fact]
    public async Task Key_Within24Hours_Replays_AfterThem_SendsAgain()
    {
        await using var emulator = await StartAsync();
        var first = await emulator.BatchAsync(Batch("a@one.test"), "k1");
        await emulator.Control.AdvanceClockAsync(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        var inside = await emulator.BatchAsync(Batch("a@one.test"), "k1");
        await emulator.Control.AdvanceClockAsync(TimeSpan.FromSeconds(1));
        var outside = await emulator.BatchAsync(Batch("a@one.test"), "k1");

        Assert.Equal(first.Ids, inside.Ids);
        Assert.NotEqual(first.Ids, outside.Ids);
        Assert.Equal(1, (await emulator.Control.StateAsync()).Duplicates);
    }

    [Fact]
    public async Task Key_OfTheWrongLength_Is400()
    {
        await using var emulator = await StartAsync();
        var tooLong = await emulator.BatchAsync(Batch("a@one.test"), new string('k', 257));
        var longest = await emulator.BatchAsync(Batch("a@one.test"), new string('k', 256));

        Assert.Equal((400, "invalid_idempotency_key"), (tooLong.Code, tooLong.Name));
        Assert.Equal(200, longest.Code);
    }

    [Fact]
    public async Task Key_WhileTheFirstIsRunning_Is409Concurrent_AndFreeWhenTheFirstGaveUp()
    {
        await using var emulator = await StartAsync();
        await emulator.Control.SetFaultsAsync(new FaultRule { Kind = FaultKind.Hang, Times = 1 });
        using var giveUp = new CancellationTokenSource();
        var first = emulator.BatchAsync(Batch("a@one.test"), "k1", cancellationToken: giveUp.Token);
        await emulator.Control.NextHangAsync();
        var second = await emulator.BatchAsync(Batch("a@one.test"), "k1");
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        Assert.Equal((409, "concurrent_idempotent_requests"), (second.Code, second.Name));
        Assert.Equal(0, (await emulator.Control.StateAsync()).Mails);
    }

    [Fact]
    public async Task Key_EightAtOnce_OneSends_OthersReplayOrWait()
    {
        await using var emulator = await StartAsync();
        var replies = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => emulator.BatchAsync(Batch("a@one.test"), "k1"))
        );

        Assert.All(replies, reply => Assert.True(reply.Code is 200 or 409, reply.Body));
        Assert.Single(replies.Where(reply => reply.Code == 200).Select(reply => reply.Ids[0]).Distinct());
        Assert.Equal(1, (await emulator.Control.StateAsync()).Mails);
    }

    [Theory]
    [InlineData(KeyAfterFailure.Release, 200)]
    [InlineData(KeyAfterFailure.Cache4xx, 409)]
    public async Task Key_AfterARefusal_IsFreeOrKept(KeyAfterFailure mode, int then)
    {
        await using var emulator = await StartAsync(
            behaviour: new Behaviour { RateLimitPerSecond = 0, KeyAfterFailure = mode }
        );
        var refused = await emulator.BatchAsync(Batch("nobody"), "k1");
        var corrected = await emulator.BatchAsync(Batch("a@one.test"), "k1");

        Assert.Equal(422, refused.Code);
        Assert.Equal(then, corrected.Code);
    }

    [Theory]
    [InlineData(KeyAfterFailure.Cache4xx, 200)]
    [InlineData(KeyAfterFailure.Cache4xxAnd5xx, 503)]
    public async Task Key_AfterAServerError_IsFreeOrKept(KeyAfterFailure mode, int then)
    {
        await using var emulator = await StartAsync(
            behaviour: new Behaviour { RateLimitPerSecond = 0, KeyAfterFailure = mode }
        );
        await emulator.Control.SetFaultsAsync(new FaultRule { Status = 503, Times = 1 });
        await emulator.BatchAsync(Batch("a@one.test"), "k1");
        var again = await emulator.BatchAsync(Batch("a@one.test"), "k1");

        Assert.Equal(then, again.Code);
    }
}
