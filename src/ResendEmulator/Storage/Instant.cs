using System.Globalization;

namespace ResendEmulator.Storage;

/// <summary>Instants as the tables keep them (microseconds since 1970) and as the API writes them.</summary>
public static class Instant
{
    public static long Micros(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / 10;

    public static DateTimeOffset From(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * 10);

    /// <summary>As REST answers have it: <c>2025-11-30 20:39:59.540771+00</c>.</summary>
    public static string Rest(long micros) =>
        From(micros).ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture) + "+00";

    /// <summary>As webhooks have it: milliseconds and <c>Z</c>.</summary>
    public static string Iso(long micros) =>
        From(micros).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
