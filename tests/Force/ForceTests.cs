using Ledgerpost.Sending;
using Xunit.Abstractions;

namespace Force;

/// <summary>The part of the proof that every run of the tests plays; the whole of it is Program.cs.</summary>
public sealed class ForceTests(ITestOutputHelper output)
{
    private static readonly string[] Histories = ["", "A", "RA"];

    [Fact]
    public async Task Kill_AtEveryPoint_OnSqlite_EndsWithOneMailEach()
    {
        var table = new Table();
        await KillAtPoints.RunAsync(table, null, Histories);
        table.AssertClean(output);
    }

    [Fact]
    public async Task Kill_WhileEightCallsAreUnderWay_OnSqlite_EndsWithOneMailEach()
    {
        var table = new Table();
        await KillAtRandom.RunAsync(table, null, kills: 2, seed: 1);
        table.AssertClean(output);
    }

    [Fact]
    public async Task Kill_BetweenCommitAndAnswer_OnSqlite_TheRepeatedRequestGetsTheStoredAnswer()
    {
        var table = new Table();
        await KillBeforeAnswer.RunAsync(table, null);
        table.AssertClean(output);
    }

    [Fact]
    public async Task Kill_BetweenTheProgramsAnswerAndItsRow_OnSqlite_TheEventComesAgainUnderItsId()
    {
        var table = new Table();
        await KillBeforeDelivered.RunAsync(table, null);
        table.AssertClean(output);
    }

    [Fact]
    public async Task PowerCut_OnSqlite_EndsWithOneMailEach_FromWhateverIsLeftOfTheLog()
    {
        var table = new Table();
        await TornLog.RunAsync(table, most: 5);
        table.AssertClean(output);
    }

    [Fact]
    public async Task Stop_ForLongerThanTheLease_OnSqlite_EndsWithOneMailEach()
    {
        var table = new Table();
        await Zombie.RunAsync(table, null, CrashPoints.BeforeSettle);
        table.AssertClean(output);
    }

    [Fact]
    public async Task Checker_WithASecondMailPastThePortal_CountsIt()
    {
        await using var world = await World.CreateAsync(null, 100);
        await world.FinishAsync();
        Assert.Equal(Verdict.Clean, await Verdict.ReadAsync(world.Installation, world.Emulator));

        await world.Emulator.PostDirectlyAsync(world.Installation.CampaignId, 7, Installation.Address(7));

        var found = await Verdict.ReadAsync(world.Installation, world.Emulator);
        // The second mail, and the call that nobody wrote down.
        Assert.Equal(new Verdict(1, 0, 1), found);
    }
}
