using Ledgerpost.Data;
using Ledgerpost.Data.PostgreSql;
using Ledgerpost.Sending.Provider;
using UnitTests.Support;

namespace UnitTests.Data;

public sealed class DatabaseTimeTests
{
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(7);
    private static readonly TimeSpan Way = TimeSpan.FromSeconds(5);

    private readonly ManualTime _machine = new();
    private readonly DatabaseTime _time;

    public DatabaseTimeTests() => _time = new DatabaseTime(_machine);

    [Fact]
    public void BeforeTheFirstReading_ItIsTheMachines() => Assert.Equal(_machine.GetUtcNow(), _time.GetUtcNow());

    [Fact]
    public void AfterAReading_ItGoesOnFromIt_AsTimeIsCounted()
    {
        var read = _machine.GetUtcNow() + Ahead;
        Sample(read);
        _machine.Advance(TimeSpan.FromMinutes(3));

        Assert.Equal(read + TimeSpan.FromMinutes(3), _time.GetUtcNow());
        Assert.Equal(_machine.GetTimestamp(), _time.GetTimestamp());
    }

    [Fact]
    public void FirstReading_IsNeverAhead_HoweverLongItTook()
    {
        var read = SlowSample(Ahead);

        Assert.Equal(read, _time.GetUtcNow());
    }

    [Fact]
    public void ReadingThatTookItsTime_MovesNothing_WhereItAllowsWhatIsBelieved()
    {
        Sample(_machine.GetUtcNow() + Ahead);
        SlowSample(Ahead);

        Assert.Equal(_machine.GetUtcNow() + Ahead, _time.GetUtcNow());
    }

    [Fact]
    public void ReadingThatTookItsTime_IsBelieved_AsFarAsItMustBe()
    {
        Sample(_machine.GetUtcNow());
        var read = SlowSample(Ahead);
        Assert.Equal(read, _time.GetUtcNow());

        read = SlowSample(-Ahead);
        Assert.Equal(read + Way + Way, _time.GetUtcNow());
    }

    [Fact]
    public void WallClockOfTheMachine_DoesNotMoveIt()
    {
        var read = _machine.GetUtcNow() + Ahead;
        Sample(read);
        _machine.JumpWall(TimeSpan.FromHours(25));

        Assert.Equal(read, _time.GetUtcNow());
        Assert.Equal(_machine.GetUtcNow(), _time.Local.GetUtcNow());
    }

    [Fact]
    public void LaterReading_IsBelieved_BothWays()
    {
        Sample(_machine.GetUtcNow() + Ahead);
        Sample(_machine.GetUtcNow() - Ahead);

        Assert.Equal(_machine.GetUtcNow() - Ahead, _time.GetUtcNow());
    }

    [Fact]
    public void TimersAndZone_AreTheMachines()
    {
        var rung = 0;
        using var timer = _time.CreateTimer(_ => rung++, null, TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        _machine.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal(1, rung);
        Assert.Equal(_machine.TimestampFrequency, _time.TimestampFrequency);
        Assert.Equal(_machine.LocalTimeZone, _time.LocalTimeZone);
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(0, 29, false)]
    [InlineData(0, 31, true)]
    [InlineData(3600, 0, true)]
    [InlineData(-3600, 31, true)]
    public void Deadline_OfAMachineThatSleepsOnADatabasesTime_IsOver(int asleep, int awake, bool over)
    {
        var time = new EffectiveTime(_time, TimeSpan.FromHours(4));
        Sample(_machine.GetUtcNow() + Ahead);
        var deadline = Deadline.In(time, TimeSpan.FromSeconds(30));

        // Asleep, nothing counts but the machine's wall clock; a negative one was set back.
        _machine.JumpWall(TimeSpan.FromSeconds(asleep));
        _machine.Advance(TimeSpan.FromSeconds(awake));

        Assert.Equal(over, deadline.IsOver(time));
    }

    private void Sample(DateTimeOffset at) =>
        _time.Sample(InstantConverter.ToMicroseconds(at), _machine.GetTimestamp(), _machine.GetTimestamp());

    /// <summary>A clock that is ahead by so much is read, by a question and an answer that take their time.</summary>
    private DateTimeOffset SlowSample(TimeSpan ahead)
    {
        var asked = _machine.GetTimestamp();
        _machine.Advance(Way);
        var read = _machine.GetUtcNow() + ahead;
        _machine.Advance(Way);
        _time.Sample(InstantConverter.ToMicroseconds(read), asked, _machine.GetTimestamp());
        return read;
    }
}
