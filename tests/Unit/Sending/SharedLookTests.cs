using Ledgerpost.Sending;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>A wake-up wakes every worker; what each of them asks is asked for all of them.</summary>
public sealed class SharedLookTests
{
    private const int Workers = 16;

    [Fact]
    public async Task Workers_WhoLookWhileOneDoes_AreToldOfOneLookThatBeganAfterTheyAsked()
    {
        await using var engine = await EngineHarness.CreateAsync();
        using var log = StatementLog.Of(engine.Database.ConnectionString);
        var others = new List<Task<ClaimedChunk?>>();
        log.Before = _ =>
        {
            // They come while the first one's first question is on its way.
            log.Before = null;
            others.AddRange(Enumerable.Range(1, Workers - 1).Select(_ => ClaimAsync(engine)));
        };

        Assert.Null(await ClaimAsync(engine));
        Assert.All(await Task.WhenAll(others), chunk => Assert.Null(chunk));

        Assert.Equal(Workers - 1, others.Count);
        Assert.Equal(2, log.Take().Count(text => text.Contains("WITH RECURSIVE w(", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Workers_WhoAskWhenToLookAgain_AreToldOfOneAnswerThatBeganAfterTheyAsked()
    {
        await using var engine = await EngineHarness.CreateAsync();
        using var log = StatementLog.Of(engine.Database.ConnectionString);
        var others = new List<Task<DateTimeOffset?>>();
        log.Before = _ =>
        {
            log.Before = null;
            others.AddRange(Enumerable.Range(1, Workers - 1).Select(_ => NextDueAsync(engine)));
        };

        Assert.Null(await NextDueAsync(engine));
        Assert.All(await Task.WhenAll(others), next => Assert.Null(next));

        Assert.Equal(Workers - 1, others.Count);
        Assert.Equal(2, log.Take().Count(text => text.Contains("SELECT MIN(d.\"At\")", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task WhatIsThere_BeforeSomebodyAsks_IsInTheirAnswer()
    {
        var looks = new SharedLook<int>();
        var (there, held) = (1, new TaskCompletionSource());
        var first = looks.ExecuteAsync(async () =>
        {
            var seen = there;
            await held.Task;
            return seen;
        });

        there = 2;
        var second = looks.ExecuteAsync(() => Task.FromResult(there));
        var third = looks.ExecuteAsync(() => Task.FromResult(0));
        held.SetResult();

        Assert.Equal((1, 2, 2), (await first, await second, await third));
    }

    [Fact]
    public async Task LookThatFails_IsItsOwnersAlone_AndTheOthersLookForThemselves()
    {
        var looks = new SharedLook<int>();
        var held = new TaskCompletionSource<int>();
        var first = looks.ExecuteAsync(() => held.Task);
        var second = looks.ExecuteAsync(() => Task.FromException<int>(new OperationCanceledException()));
        var third = looks.ExecuteAsync(() => Task.FromResult(3));
        held.SetException(new InvalidOperationException());

        await Assert.ThrowsAsync<InvalidOperationException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Equal(3, await third);
        Assert.Equal(4, await looks.ExecuteAsync(() => Task.FromResult(4)));
    }

    private static Task<ClaimedChunk?> ClaimAsync(EngineHarness engine) =>
        engine.Claim.ExecuteAsync(engine.Database.AccountId, "worker", CancellationToken.None);

    private static Task<DateTimeOffset?> NextDueAsync(EngineHarness engine) =>
        engine.Claim.NextDueAsync(engine.Database.AccountId, CancellationToken.None);
}
