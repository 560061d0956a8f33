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

    /// <summary>The database's clock was read.</summary>
    /// <param name="microseconds">What it showed, as instants are stored.</param>
    /// <param name="timestamp">When, by this process' counting clock.</param>
    public void Sample(long microseconds, long timestamp) =>
        _last = new Reading(InstantConverter.FromMicroseconds(microseconds), timestamp);

    private sealed record Reading(DateTimeOffset At, long Timestamp);
}
