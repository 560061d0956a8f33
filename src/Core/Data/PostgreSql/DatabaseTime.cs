namespace Ledgerpost.Data.PostgreSql;

/// <summary>
/// The database's clock, read at the start of every write transaction and counted on from there by this process' counting
/// clock: instances whose wall clocks differ agree about leases and windows. The machine's wall clock until the first.
/// </summary>
public sealed class DatabaseTime(TimeProvider local) : TimeProvider
{
    /// <summary>Microseconds since 1970, as instants are stored.</summary>
    internal const string Sql = "(extract(epoch from clock_timestamp()) * 1000000)::bigint";

    private volatile Reading? _last;

    /// <summary>The machine's own clock. This one stands still while the machine sleeps, until the next reading.</summary>
    public TimeProvider Local => local;

    public override TimeZoneInfo LocalTimeZone => local.LocalTimeZone;

    public override long TimestampFrequency => local.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() =>
        _last is { } last ? last.At + local.GetElapsedTime(last.Timestamp) : local.GetUtcNow();

    public override long GetTimestamp() => local.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        local.CreateTimer(callback, state, dueTime, period);

    /// <summary>
    /// The database's clock was read, at some moment between question and answer. What is believed already stays as it is
    /// where that allows it: one slow answer would else put the clock off by as much, and ahead for good (<see cref="EffectiveTime"/>).
    /// </summary>
    /// <param name="microseconds">What it showed, as instants are stored.</param>
    /// <param name="asked">Before the question, by this process' counting clock.</param>
    /// <param name="answered">After the answer.</param>
    public void Sample(long microseconds, long asked, long answered)
    {
        var earliest = InstantConverter.FromMicroseconds(microseconds);
        var latest = earliest + local.GetElapsedTime(asked, answered);
        var believed = _last is { } last ? last.At + local.GetElapsedTime(last.Timestamp, answered) : earliest;
        _last = new Reading(
            believed < earliest ? earliest
                : believed > latest ? latest
                : believed,
            answered
        );
    }

    private sealed record Reading(DateTimeOffset At, long Timestamp);
}
