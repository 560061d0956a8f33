using AdminPortal.Components.Shared;

namespace AdminPortal.Features.Campaigns;

/// <summary>
/// What a clock on the wall means in a time zone: one instant, none where the clocks are put forward over it, two where
/// they are put back.
/// </summary>
public abstract record ScheduleTime
{
    private ScheduleTime() { }

    public sealed record Once(DateTimeOffset At) : ScheduleTime;

    /// <param name="Next">The first time of the wall's clock that there is again.</param>
    public sealed record Never(DateTime Next) : ScheduleTime;

    public sealed record Twice(DateTimeOffset First, DateTimeOffset Second) : ScheduleTime;

    /// <param name="wall">Its kind does not matter.</param>
    public static ScheduleTime Of(DateTime wall, TimeZoneInfo zone)
    {
        wall = DateTime.SpecifyKind(wall, DateTimeKind.Unspecified);
        if (zone.IsInvalidTime(wall))
        {
            var next = wall;
            while (zone.IsInvalidTime(next))
            {
                next = next.AddMinutes(1);
            }

            return new Never(next);
        }

        if (zone.IsAmbiguousTime(wall))
        {
            var offsets = zone.GetAmbiguousTimeOffsets(wall);
            return new Twice(new DateTimeOffset(wall, offsets.Max()), new DateTimeOffset(wall, offsets.Min()));
        }

        return new Once(new DateTimeOffset(wall, zone.GetUtcOffset(wall)));
    }

    /// <summary>"UTC+02:00".</summary>
    public static string Offset(DateTimeOffset at) =>
        at.Offset == TimeSpan.Zero ? "UTC" : $"UTC{(at.Offset < TimeSpan.Zero ? "-" : "+")}{at.Offset:hh\\:mm}";

    /// <summary>"13 Mar 2027, 09:00 Europe/Berlin (UTC+01:00)".</summary>
    public static string Full(DateTimeOffset at, TimeZoneInfo? zone)
    {
        var local = TimeZoneInfo.ConvertTime(at, zone ?? TimeZoneInfo.Utc);
        return $"{Words.Exact(at, zone)}{(local.Offset == TimeSpan.Zero ? "" : $" ({Offset(local)})")}";
    }
}
