using Ledgerpost.Data;
using Ledgerpost.Sending;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>
/// The rows of docs/sending.md's failure matrix in which the storage does not confirm a commit: it holds, or it does not.
/// </summary>
public sealed class CommitInDoubtTests
{
    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 0)]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    public async Task IntentCommit_InDoubt_IsReadAgain_AndSentOnlyIfItHolds(bool holds, int ambiguousBefore)
    {
        var faults = new CommitFaults();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        await engine.FailBeforeAsync(ambiguousBefore);
        engine.Crash.On = point =>
        {
            faults.FailNext = point == CrashPoints.BeforeIntent ? (holds ? "after" : "before") : null;
            return Task.CompletedTask;
        };

        await engine.TurnAsync();
        engine.Crash.On = null;
        faults.FailNext = null;

        Assert.Equal(ambiguousBefore + (holds ? 1 : 0), engine.Provider.Calls.Count);
        engine.Time.Advance(TimeSpan.FromSeconds(engine.Options.LeaseSeconds + 1));
        await engine.RunAsync();
        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 0)]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    public async Task SettleCommit_InDoubt_EndsWithOneMailEach(bool holds, int ambiguousBefore)
    {
        var faults = new CommitFaults();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        var id = await engine.LaunchAsync();
        await engine.FailBeforeAsync(ambiguousBefore);
        engine.Crash.On = point =>
        {
            faults.FailNext = point == CrashPoints.BeforeSettle ? (holds ? "after" : "before") : null;
            return Task.CompletedTask;
        };

        await engine.TurnAsync();
        engine.Crash.On = null;
        engine.Time.Advance(TimeSpan.FromSeconds(engine.Options.LeaseSeconds + 1));
        await engine.RunAsync();

        Assert.Equal(100, (await engine.CountsAsync(id)).Accepted);
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Refusal_WhoseSettleIsInDoubt_IsDefiniteAllTheSame(bool holds)
    {
        var faults = new CommitFaults();
        await using var engine = await EngineHarness.CreateAsync(faults);
        await engine.Database.AddContactsAsync(engine.Tenant, 100);
        engine.Provider.Then(Fault.RateLimited);
        var id = await engine.LaunchAsync();
        engine.Crash.On = point =>
        {
            faults.FailNext = point == CrashPoints.BeforeSettle ? (holds ? "after" : "before") : null;
            return Task.CompletedTask;
        };

        await engine.TurnAsync();
        Assert.Equal(100, (await engine.CountsAsync(id)).Pending);
        await engine.RunAsync();

        Assert.Equal(["/1", "/2"], engine.Provider.Calls.Select(call => call.Key[^2..]));
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    private sealed class CommitFaults : StorageFaults
    {
        public string? FailNext { get; set; }

        public override void BeforeCommit() => Fail("before");

        public override void AfterCommit() => Fail("after");

        private void Fail(string when)
        {
            if (FailNext == when)
            {
                FailNext = null;
                throw new IOException($"The storage failed {when} the commit.");
            }
        }
    }
}
