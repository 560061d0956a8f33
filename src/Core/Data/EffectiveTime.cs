using Ledgerpost.Data.PostgreSql;

namespace Ledgerpost.Data;

/// <summary>In which way the clocks contradict each other.</summary>
public enum ClockFault
{
    /// <summary>The wall clock went ahead of the time that was counted: set ahead, or the machine slept.</summary>
    JumpedAhead,

    /// <summary>The wall clock is behind what this installation has seen already.</summary>
    SetBack,

    /// <summary>The provider's answers carry another time than the wall clock.</summary>
    ProviderDisagrees,
}

/// <param name="By">How far apart; the provider's less the machine's, or the machine's less what was expected.</param>
public sealed record ClockDisagreement(ClockFault Fault, TimeSpan By);

/// <summary>
/// The time that everything is decided by (docs/sending.md, rule 16): the greater of the wall clock and the highest instant
/// seen plus the time counted since. A clock set back makes no window longer; timers and counted time pass through. A
/// jump ahead counts at once, since a window that ends early is safe, but it moves the floor only once the provider's
/// Date agrees with it: a wrong minute must not last for years.
/// </summary>
public sealed class EffectiveTime : TimeProvider
{
    private readonly TimeProvider _source;
    private readonly TimeSpan _tolerance;
    private readonly Lock _lock = new();

    /// <summary>Where the wall clock should be: counted from the start, or from when the provider last agreed with it.</summary>
    private Line _expected;

    /// <summary>What the effective time never falls below.</summary>
    private Line _floor;

    /// <summary>What the floor falls back to when the clock of the start turns out to have been wrong.</summary>
    private Line _mark;
    private bool _confirmed = true;
    private TimeSpan? _provider;

    /// <param name="source">Wall clock, counted time and timers: the machine's, or a database's clock.</param>
    /// <param name="margin"><c>Sending:KeyWindowMargin</c>.</param>
    public EffectiveTime(TimeProvider source, TimeSpan margin)
    {
        _source = source;
        // Half of it: wrong by this much in one direction when a window begins, and in the other when it ends, still
        // stays within the margin.
        _tolerance = margin / 2;
        _expected = _floor = _mark = new Line(source.GetUtcNow(), source.GetTimestamp());
    }

    public TimeProvider Source => _source;

    public override long TimestampFrequency => _source.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => _source.LocalTimeZone;

    /// <summary>Null while the clocks agree. Nothing is repeated while they do not.</summary>
    public ClockDisagreement? Disagreement
    {
        get
        {
            lock (_lock)
            {
                var (wall, timestamp) = Move();
                if (wall - At(_expected, timestamp) is var ahead && ahead > _tolerance)
                {
                    return new ClockDisagreement(ClockFault.JumpedAhead, ahead);
                }

                if (wall - At(_floor, timestamp) is var behind && behind < -_tolerance)
                {
                    return new ClockDisagreement(ClockFault.SetBack, behind);
                }

                return _provider is { } by ? new ClockDisagreement(ClockFault.ProviderDisagrees, by) : null;
            }
        }
    }

    /// <summary>What is to be stored for the next start; null while it is not sure that the clock is right.</summary>
    public DateTimeOffset? Mark
    {
        get
        {
            lock (_lock)
            {
                var (_, timestamp) = Move();
                return _confirmed && _provider is null ? At(_floor, timestamp) : null;
            }
        }
    }

    /// <summary>False at a start after a long stop, until the provider has told its time.</summary>
    public bool IsConfirmed
    {
        get
        {
            lock (_lock)
            {
                return _confirmed;
            }
        }
    }

    /// <summary>At the start: the mark that the last run of this installation stored.</summary>
    public void Resume(DateTimeOffset mark)
    {
        lock (_lock)
        {
            var (wall, timestamp) = Read();
            _mark = new Line(mark, timestamp);
            _expected = new Line(wall, timestamp);
            _floor = mark > wall ? _mark : _expected;
            // After a long stop nobody but the provider knows whether so much time has really passed.
            _confirmed = wall - mark <= _tolerance;
        }
    }

    /// <summary>An answer of the provider came just now.</summary>
    /// <param name="date">Its Date header, in whole seconds; null when it had none, so that nothing can be compared.</param>
    public void Observe(DateTimeOffset? date)
    {
        lock (_lock)
        {
            var (wall, timestamp) = Move();
            if (date is { } told && (told - wall).Duration() > _tolerance)
            {
                _provider = told - wall;
                return;
            }

            if (date is not null)
            {
                _expected = new Line(wall, timestamp);
                _provider = null;
                if (!_confirmed)
                {
                    var mark = At(_mark, timestamp);
                    _floor = new Line(mark > wall ? mark : wall, timestamp);
                }
            }

            _confirmed = true;
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            var (wall, timestamp) = Move();
            var floor = At(_floor, timestamp);
            return wall > floor ? wall : floor;
        }
    }

    public override long GetTimestamp() => _source.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _source.CreateTimer(callback, state, dueTime, period);

    /// <summary>The floor follows the wall clock as long as that runs as fast as time is counted.</summary>
    private (DateTimeOffset Wall, long Timestamp) Move()
    {
        var (wall, timestamp) = Read();
        if (wall > At(_floor, timestamp) && wall - At(_expected, timestamp) <= _tolerance)
        {
            _floor = new Line(wall, timestamp);
        }

        return (wall, timestamp);
    }

    private (DateTimeOffset Wall, long Timestamp) Read() => (_source.GetUtcNow(), _source.GetTimestamp());

    private DateTimeOffset At(Line line, long timestamp) =>
        line.Instant + _source.GetElapsedTime(line.Timestamp, timestamp);

    private sealed record Line(DateTimeOffset Instant, long Timestamp);
}

/// <summary>For callers that hold a <see cref="TimeProvider"/> and must not mind which.</summary>
public static class Clocks
{
    public static ClockDisagreement? Disagreement(this TimeProvider time) => (time as EffectiveTime)?.Disagreement;

    public static void ObserveProvider(this TimeProvider time, DateTimeOffset? date) =>
        (time as EffectiveTime)?.Observe(date);

    /// <summary>
    /// What the clock shows while the clocks agree: for what is compared with somebody else's clock, and for a person's nine
    /// o'clock. The effective time stays ahead for good where the clock once was by less than is said.
    /// </summary>
    public static DateTimeOffset ShownNow(this TimeProvider time) =>
        time is EffectiveTime { Disagreement: null } agreeing ? agreeing.Source.GetUtcNow() : time.GetUtcNow();

    /// <summary>
    /// What the machine's own wall clock shows, whatever is decided by: of all clocks it alone goes on, everywhere, while the
    /// machine sleeps. Only for comparing with itself.
    /// </summary>
    public static DateTimeOffset MachineNow(this TimeProvider time) =>
        ((time as EffectiveTime)?.Source ?? time) switch
        {
            DatabaseTime database => database.Local.GetUtcNow(),
            var machine => machine.GetUtcNow(),
        };

    /// <summary>While true nothing may be repeated: how much of a key's window is left is not known.</summary>
    public static bool MayNotRepeat(this TimeProvider time) => time.Disagreement() is not null;

    /// <summary>
    /// While true nothing goes out at all: the clock is ahead, by what was counted or by what the provider says, and an
    /// attempt that bears an instant of the future would have its window end that much too late.
    /// </summary>
    public static bool MayNotSend(this TimeProvider time) =>
        time.Disagreement() is { } now
        && (
            now.Fault == ClockFault.JumpedAhead || (now.Fault == ClockFault.ProviderDisagrees && now.By < TimeSpan.Zero)
        );

    /// <summary>
    /// While true no campaign is started, or missed, because its hour has come: the clock is ahead, or nobody knows yet whether it
    /// is. So it is at a start after a long stop, until the provider has told its time.
    /// </summary>
    public static bool MayNotLaunch(this TimeProvider time) =>
        time is EffectiveTime { IsConfirmed: false } || time.MayNotSend();

    /// <summary>While true nothing is deleted for its age: the same, and while the provider and the clock disagree at all.</summary>
    public static bool MayNotForget(this TimeProvider time) =>
        time is EffectiveTime { Mark: null } || time.MayNotSend();
}
