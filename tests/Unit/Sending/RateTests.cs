using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using UnitTests.Support;
using Xunit.Abstractions;

namespace UnitTests.Sending;

/// <summary>Rule 12: as fast as the provider allows and hardly ever faster, with every instance on one bucket; tenants in turn.</summary>
public sealed class RateTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, 1, 3)]
    [InlineData(2, 2, 5)]
    public Task Rate_IsTheLimit_AndHardlyACallIsRefused(int instances, int seed, int minutes) =>
        RateAsync(instances, seed, minutes);

    [Fact]
    [Trait("Category", "Long")]
    public Task Hour_OfTwoInstances_IsTheLimit_AndHardlyACallIsRefused() => RateAsync(2, 2, 60);

    [Fact]
    public async Task Rate_WithoutAnyHeader_IsTheDocumentedDefault_AndOneTooManyInNoWindow()
    {
        await using var database = await TestDatabase.CreateAsync();
        var hour = new RateHour(database, 1, 10, new Random(4)) { Headers = false };

        await hour.RunAsync(TimeSpan.FromMinutes(2));

        output.WriteLine($"{hour.Sent} sent, {hour.Refused} refused");
        Assert.InRange(hour.Sent, 1080, 1200);
        Assert.Equal(0, hour.Refused);
    }

    [Fact]
    public async Task Rate_WithoutAnyHeader_OfAProviderThatAllowsLess_IsFoundByItsRefusals()
    {
        await using var database = await TestDatabase.CreateAsync();
        var hour = new RateHour(database, 1, 5, new Random(5)) { Headers = false };

        await hour.RunAsync(TimeSpan.FromMinutes(4));

        output.WriteLine($"{hour.Sent} sent, {hour.Refused} refused");
        Assert.True(hour.Sent >= 1200 * 0.85, $"{hour.Sent} of 1200");
        Assert.True(hour.Refused < hour.Sent * 0.02, $"{hour.Refused} refused of {hour.Sent}");
    }

    private async Task RateAsync(int instances, int seed, int minutes)
    {
        await using var database = await TestDatabase.CreateAsync();
        var hour = new RateHour(database, instances, 10, new Random(seed));

        await hour.RunAsync(TimeSpan.FromMinutes(minutes));

        output.WriteLine($"{hour.Sent} sent, {hour.Refused} refused");
        Assert.True(hour.Sent >= minutes * 600 * 0.98, $"{hour.Sent} of {minutes * 600}");
        Assert.True(hour.Refused < hour.Sent * 0.001, $"{hour.Refused} refused of {hour.Sent}");
    }

    [Fact]
    public async Task Rate_OfAMachineThatIsLateAtTimes_TakesAnotherTurn_InsteadOfOneTooMany()
    {
        await using var database = await TestDatabase.CreateAsync();
        var hour = new RateHour(database, 2, 10, new Random(3)) { Late = (15, 400) };

        await hour.RunAsync(TimeSpan.FromMinutes(4));

        output.WriteLine($"{hour.Sent} sent, {hour.Refused} refused");
        Assert.True(hour.Sent >= 2400 * 0.96, $"{hour.Sent} of 2400");
        Assert.True(hour.Refused < hour.Sent * 0.002, $"{hour.Refused} refused of {hour.Sent}");
    }

    [Fact]
    public async Task SmallCampaign_BesideAnothersLargeOne_IsDoneInTwiceItsTimeAtHalfTheRate()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var south = await engine.Database.AddTenantAsync("south");
        await engine.Database.AddContactsAsync(engine.Tenant, 8000);
        await engine.Database.AddContactsAsync(south, 1000);
        await engine.LaunchAsync();
        var instances = new[] { Instance(engine), Instance(engine) };
        await instances[0]
            .Pacer.LearnAsync(
                engine.Database.AccountId,
                new RateSlot(RateGrid.Unknown, 1),
                engine.Time.GetUtcNow(),
                ProviderHeaders.Empty with
                {
                    RateLimit = 10,
                },
                refused: false,
                CancellationToken.None
            );
        await ClaimAsync(engine, instances, south.Id, chunks: 1, atMost: TimeSpan.FromSeconds(2));

        await engine.LaunchAsync(south);
        var launched = engine.Time.GetUtcNow();
        var turns = await ClaimAsync(engine, instances, south.Id, chunks: 10, atMost: TimeSpan.FromSeconds(20));

        Assert.Equal(10, turns.Count);
        var alone = TimeSpan.FromSeconds(10 / 5.0);
        output.WriteLine($"last call after {(turns.Max() - launched).TotalSeconds:0.00} s");
        Assert.True(turns.Max() - launched <= 2 * alone, $"{turns.Max() - launched}");
    }

    private static (Pacer Pacer, ClaimChunk Claim) Instance(EngineHarness engine)
    {
        var pacer = new Pacer(engine.Db, engine.Accounts);
        return (pacer, new ClaimChunk(engine.Db, engine.Options, new Random(1), pacer));
    }

    /// <returns>When the tenant's chunks go out.</returns>
    private static async Task<List<DateTimeOffset>> ClaimAsync(
        EngineHarness engine,
        (Pacer Pacer, ClaimChunk Claim)[] instances,
        Guid tenant,
        int chunks,
        TimeSpan atMost
    )
    {
        var end = engine.Time.GetUtcNow() + atMost;
        var turns = new List<DateTimeOffset>();
        while (turns.Count < chunks && engine.Time.GetUtcNow() < end)
        {
            foreach (var (pacer, claim) in instances)
            {
                if (
                    pacer.Room <= engine.Time.GetUtcNow()
                    && await claim.ExecuteAsync(engine.Database.AccountId, "worker", CancellationToken.None)
                        is { } chunk
                    && chunk.TenantId == tenant
                )
                {
                    turns.Add(InstantConverter.FromMicroseconds(chunk.Slot.Grid.At(chunk.Slot.Number!.Value)));
                }
            }

            engine.Time.Advance(TimeSpan.FromMilliseconds(10));
        }

        return turns;
    }
}
