using Ledgerpost.Data;
using UnitTests.Support;

namespace UnitTests.Data;

public sealed class EffectiveTimeTests
{
    private static readonly TimeSpan Margin = TimeSpan.FromHours(4);

    private readonly ManualTime _machine = new();

    [Fact]
    public void ClockThatRunsEvenly_IsPassedOn()
    {
        var time = Start();
        _machine.Advance(TimeSpan.FromDays(3));

        Assert.Equal(_machine.GetUtcNow(), time.GetUtcNow());
        Assert.Null(time.Disagreement);
    }

    [Fact]
    public void ClockSetBack_WhileRunning_TheTimeGoesOnAsItIsCounted()
    {
        var time = Start();
        var before = time.GetUtcNow();
        _machine.JumpWall(-TimeSpan.FromHours(30));
        _machine.Advance(TimeSpan.FromHours(1));

        Assert.Equal(before + TimeSpan.FromHours(1), time.GetUtcNow());
        Assert.Equal(new ClockDisagreement(ClockFault.SetBack, -TimeSpan.FromHours(30)), time.Disagreement);

        _machine.JumpWall(TimeSpan.FromHours(30));
        Assert.Null(time.Disagreement);
    }

    [Fact]
    public void ClockSetBack_ByLittle_IsNothingToStopFor_AndTheTimeStillDoesNotGoBack()
    {
        var time = Start();
        var before = time.GetUtcNow();
        _machine.JumpWall(-TimeSpan.FromMinutes(90));

        Assert.Equal(before, time.GetUtcNow());
        Assert.Null(time.Disagreement);
    }

    [Fact]
    public void ClockSetBack_AcrossARestart_TheTimeStartsAtTheMark()
    {
        var mark = Start().Mark!.Value;
        _machine.JumpWall(-TimeSpan.FromHours(30));
        var time = Start();
        time.Resume(mark);
        _machine.Advance(TimeSpan.FromHours(2));

        Assert.Equal(mark + TimeSpan.FromHours(2), time.GetUtcNow());
        Assert.Equal(ClockFault.SetBack, time.Disagreement!.Fault);
    }

    [Fact]
    public void ManySmallJumps_AreOneLargeOne()
    {
        var time = Start();
        for (var i = 0; i < 3; i++)
        {
            _machine.JumpWall(TimeSpan.FromMinutes(61));
            _ = time.GetUtcNow();
        }

        Assert.Equal(ClockFault.JumpedAhead, time.Disagreement!.Fault);
    }

    [Fact]
    public void JumpAhead_CountsAtOnce_IsSaid_AndIsNotStored()
    {
        var time = Start();
        var mark = time.Mark;
        _machine.JumpWall(TimeSpan.FromDays(365));

        Assert.Equal(_machine.GetUtcNow(), time.GetUtcNow());
        Assert.Equal(new ClockDisagreement(ClockFault.JumpedAhead, TimeSpan.FromDays(365)), time.Disagreement);
        Assert.True(time.MayNotSend());
        Assert.Equal(mark, time.Mark);
    }

    [Fact]
    public void JumpAhead_ThatIsTakenBack_LeavesNothingBehind()
    {
        var time = Start();
        var before = time.GetUtcNow();
        _machine.JumpWall(TimeSpan.FromDays(365));
        _ = time.GetUtcNow();
        _machine.JumpWall(-TimeSpan.FromDays(365));

        Assert.Equal(before, time.GetUtcNow());
        Assert.Null(time.Disagreement);
    }

    [Fact]
    public void JumpAhead_ThatTheProviderConfirms_WasATimeAsleep()
    {
        var time = Start();
        _machine.JumpWall(TimeSpan.FromHours(10));
        Assert.NotNull(time.Disagreement);

        time.Observe(_machine.GetUtcNow());

        Assert.Null(time.Disagreement);
        Assert.Equal(_machine.GetUtcNow(), time.Mark);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-3)]
    public void ProvidersClock_FarFromOurs_IsSaid_UntilItAgreesAgain(int hours)
    {
        var time = Start();
        time.Observe(_machine.GetUtcNow() + TimeSpan.FromHours(hours));
        Assert.Equal(new ClockDisagreement(ClockFault.ProviderDisagrees, TimeSpan.FromHours(hours)), time.Disagreement);
        Assert.True(time.MayNotRepeat());
        // Ahead of the provider, a first attempt would bear an instant of the future, and be repeated too long.
        Assert.Equal(hours < 0, time.MayNotSend());
        Assert.Null(time.Mark);

        time.Observe(_machine.GetUtcNow() + TimeSpan.FromSeconds(1));
        Assert.Null(time.Disagreement);
    }

    [Fact]
    public void StartAfterALongStop_StoresNothing_BeforeTheProviderHasAgreed()
    {
        var mark = Start().Mark!.Value;
        _machine.JumpWall(TimeSpan.FromDays(3));
        var time = Start();
        time.Resume(mark);
        Assert.Null(time.Mark);

        time.Observe(_machine.GetUtcNow());
        Assert.Equal(_machine.GetUtcNow(), time.Mark);
    }

    [Fact]
    public void StartWithAClockThatIsAhead_SetRightLater_DoesNotStayAhead()
    {
        var mark = Start().Mark!.Value;
        _machine.JumpWall(TimeSpan.FromDays(300));
        var time = Start();
        time.Resume(mark);
        time.Observe(mark);
        Assert.Equal(ClockFault.ProviderDisagrees, time.Disagreement!.Fault);

        _machine.JumpWall(-TimeSpan.FromDays(300));
        time.Observe(mark);

        Assert.Null(time.Disagreement);
        Assert.Equal(mark, time.GetUtcNow());
    }

    private EffectiveTime Start() => new(_machine, Margin);
}
