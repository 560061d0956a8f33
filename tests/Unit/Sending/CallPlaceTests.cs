using Ledgerpost.Campaigns;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;

namespace UnitTests.Sending;

/// <summary>There are more workers than calls, and <c>Sending:MaxConcurrency</c> counts the calls.</summary>
public sealed class CallPlaceTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Workers_MoreThanCalls_NeverMakeMoreCallsAtOneTimeThanAllowed(int allowed)
    {
        await using var engine = await CreateAsync(allowed, contacts: 1500);
        var id = await engine.LaunchAsync();
        var calls = new HeldCalls(engine.Provider);
        // Each call lasts until every worker that can have a chunk has one: whoever may call by then, calls.
        calls.Until = async () =>
        {
            var chunks = await engine.ChunksAsync(id);
            return (calls.Now >= allowed && chunks.Count(c => c.State == ChunkState.Leased) == engine.Options.Workers)
                || chunks.All(c => c.State != ChunkState.Planned);
        };
        var dispatcher = engine.NewDispatcher(calls);

        await Task.WhenAll(
            Enumerable
                .Range(0, engine.Options.Workers)
                .Select(async _ =>
                {
                    while ((await engine.CampaignAsync(id)).Status == CampaignStatus.Sending)
                    {
                        await TurnAsync(dispatcher);
                    }
                })
        );

        Assert.Equal(allowed, calls.Most);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Stop_WhileAKeyIsAskedFor_GivesTheChunkBack()
    {
        await using var engine = await CreateAsync(allowed: 1, contacts: 100);
        var id = await engine.LaunchAsync();
        using var stopping = new CancellationTokenSource();
        engine.Provider.WhenAskedForKey = stopping.Cancel;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            engine.Dispatcher.RunOnceAsync("worker", stopping.Token, CancellationToken.None)
        );

        var chunk = Assert.Single(await engine.ChunksAsync(id));
        Assert.Equal((ChunkState.Planned, null, 0), (chunk.State, chunk.LeaseOwner, chunk.Attempts));
    }

    [Fact]
    public async Task Stop_WhileAChunkWaitsForAPlace_GivesItBack_AndTheCallInFlightIsSeenThrough()
    {
        await using var engine = await CreateAsync(allowed: 1, contacts: 200);
        var id = await engine.LaunchAsync();
        using var stopping = new CancellationTokenSource();
        var (calls, first, second) = await OneCallsAndOneWaitsAsync(engine, id, stopping.Token);

        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        var waited = Assert.Single(await engine.ChunksAsync(id), chunk => chunk.Attempts == 0);
        calls.Until = () => Task.FromResult(true);

        Assert.Equal(DispatchResult.Sent, await first);
        Assert.Equal((ChunkState.Planned, null), (waited.State, waited.LeaseOwner));
        Assert.Single(engine.Provider.Calls);
    }

    [Fact]
    public async Task Chunk_ThatWaitedForAPlaceForTooMuchOfItsLease_IsGivenBackAndTakenAgain()
    {
        await using var engine = await CreateAsync(allowed: 1, contacts: 200);
        var id = await engine.LaunchAsync();
        var (calls, first, second) = await OneCallsAndOneWaitsAsync(engine, id, CancellationToken.None);

        // From its lease to its wait for a place, which nothing tells of.
        await Task.Delay(TimeSpan.FromSeconds(2));
        engine.Time.Advance((TimeSpan.FromSeconds(engine.Options.LeaseSeconds) / 4) + TimeSpan.FromSeconds(1));
        calls.Until = () => Task.FromResult(true);

        Assert.Equal(DispatchResult.Sent, await first);
        Assert.Equal(DispatchResult.Nothing, await second);
        Assert.Equal(ChunkState.Planned, Assert.Single(await engine.ChunksAsync(id), c => c.Attempts == 0).State);
        await engine.RunAsync();
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
    }

    /// <summary>Two workers, one place.</summary>
    private static async Task<(
        HeldCalls Calls,
        Task<DispatchResult> First,
        Task<DispatchResult> Second
    )> OneCallsAndOneWaitsAsync(EngineHarness engine, Guid id, CancellationToken stopping)
    {
        var calls = new HeldCalls(engine.Provider);
        var dispatcher = engine.NewDispatcher(calls);
        var first = TurnAsync(dispatcher, stopping);
        await UntilAsync(() => Task.FromResult(calls.Most == 1));
        var second = TurnAsync(dispatcher, stopping);
        await UntilAsync(async () => (await engine.ChunksAsync(id)).All(chunk => chunk.State == ChunkState.Leased));
        return (calls, first, second);
    }

    private static async Task<EngineHarness> CreateAsync(int allowed, int contacts)
    {
        var engine = await EngineHarness.CreateAsync();
        engine.Options.MaxConcurrency = allowed;
        await engine.Database.AddContactsAsync(engine.Tenant, contacts);
        await engine.UnpacedAsync();
        return engine;
    }

    private static Task<DispatchResult> TurnAsync(Dispatcher dispatcher, CancellationToken stopping = default) =>
        Task.Run(() => dispatcher.RunOnceAsync("worker", stopping, CancellationToken.None));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        while (!await holds())
        {
            await Task.Yield();
        }
    }

    /// <summary>Calls that end when the test says so, counted while they last.</summary>
    private sealed class HeldCalls(IMailProvider provider) : IMailProvider
    {
        private readonly Lock _lock = new();

        public Func<Task<bool>> Until { get; set; } = () => Task.FromResult(false);

        public int Now { get; private set; }

        public int Most { get; private set; }

        public async Task<ProviderAnswer> PostAsync(ProviderRequest request, CancellationToken cancellation)
        {
            lock (_lock)
            {
                Most = Math.Max(Most, ++Now);
            }

            await UntilAsync(() => Until());
            var answer = await provider.PostAsync(request, cancellation);
            lock (_lock)
            {
                Now--;
            }

            return answer;
        }
    }
}
