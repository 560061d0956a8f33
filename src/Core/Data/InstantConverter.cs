using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Ledgerpost.Data;

/// <summary>
/// An instant as INTEGER microseconds since 1970-01-01 UTC: EF Core cannot translate comparisons of DateTimeOffset on
/// SQLite, and microseconds are what PostgreSQL keeps too.
/// </summary>
public sealed class InstantConverter()
    : ValueConverter<DateTimeOffset, long>(value => ToMicroseconds(value), value => FromMicroseconds(value))
{
    public static long ToMicroseconds(DateTimeOffset value) =>
        (value.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset FromMicroseconds(long value) =>
        new(DateTimeOffset.UnixEpoch.Ticks + (value * TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
}
