using System.Globalization;
using Ledgerpost.Data;

namespace AdminPortal.Components.Shared;

/// <summary>Numbers and times as the portal writes them.</summary>
public static class Words
{
    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en-GB");

    public const string MayBeDone = "It may have been done all the same: look before you try again.";

    /// <summary>What is said of a command that ended in an error: rolled back as a rule; whether a commit holds may not be known.</summary>
    public static string Kept(Exception failure) =>
        failure is CommitInDoubtException ? MayBeDone : "Nothing was changed. Try again.";

    /// <summary>"12,345".</summary>
    public static string Count(long value) => value.ToString("N0", English);

    /// <summary>"1 person", "2,300 people".</summary>
    public static string Count(long value, string one, string many) => $"{Count(value)} {(value == 1 ? one : many)}";

    public static string People(long value) => Count(value, "person", "people");

    /// <summary>"just now", "4 minutes ago", "in 2 hours", "3 days ago"; a date beyond a month.</summary>
    public static string Relative(DateTimeOffset at, DateTimeOffset now)
    {
        var distance = (now - at).Duration();
        if (distance < TimeSpan.FromSeconds(45))
        {
            return "just now";
        }

        var (value, unit) = distance switch
        {
            { TotalMinutes: < 59.5 } => (Math.Max(1, Math.Round(distance.TotalMinutes)), "minute"),
            { TotalHours: < 23.5 } => (Math.Max(1, Math.Round(distance.TotalHours)), "hour"),
            { TotalDays: < 30 } => (Math.Max(1, Math.Round(distance.TotalDays)), "day"),
            _ => (0, ""),
        };
        if (value == 0)
        {
            return Date(at);
        }

        var span = Count((long)value, unit, unit + "s");
        return at <= now ? span + " ago" : "in " + span;
    }

    /// <summary>"21 Nov 2026, 14:03:22 UTC", in the given zone.</summary>
    public static string Exact(DateTimeOffset at, TimeZoneInfo? zone = null)
    {
        zone ??= TimeZoneInfo.Utc;
        var name = zone.Equals(TimeZoneInfo.Utc) ? "UTC" : zone.Id;
        return TimeZoneInfo.ConvertTime(at, zone).ToString("d MMM yyyy, HH:mm:ss ", English) + name;
    }

    /// <summary>"21 Nov 2026".</summary>
    public static string Date(DateTimeOffset at, TimeZoneInfo? zone = null) =>
        TimeZoneInfo.ConvertTime(at, zone ?? TimeZoneInfo.Utc).ToString("d MMM yyyy", English);

    /// <summary>"4 s", "3 min", "2 h 5 min": how long something takes.</summary>
    public static string Duration(TimeSpan span) =>
        span switch
        {
            { TotalSeconds: < 60 } => $"{Math.Max(0, Math.Round(span.TotalSeconds)):0} s",
            { TotalMinutes: < 60 } => $"{Math.Round(span.TotalMinutes):0} min",
            _ => $"{Math.Floor(span.TotalHours):0} h {span.Minutes} min",
        };
}
