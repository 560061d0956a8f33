using System.Globalization;
using ResendEmulator.Control;
using ResendEmulator.Hosting;
using ResendEmulator.Protocol;
using ResendEmulator.Storage;

namespace ResendEmulator.Sending;

/// <summary>Recipients used in the UTC day and month. Changed by the writer alone, read by anybody.</summary>
public sealed class Quota(EmulatorClock clock, Switches switches)
{
    private DateTime _day;
    private long _today;
    private long _thisMonth;

    public long UsedToday => Interlocked.Read(ref _today);

    public long UsedThisMonth => Interlocked.Read(ref _thisMonth);

    /// <summary>The refusal, or <c>null</c> when that many more recipients fit.</summary>
    public ApiAnswer? Check(SqlSession sql, int recipients)
    {
        Refresh(sql);
        var limits = switches.Current;
        if (limits.DailyQuota > 0 && UsedToday + recipients > limits.DailyQuota)
        {
            return Refuse("daily_quota_exceeded", "You have reached your daily email sending quota.", _day.AddDays(1));
        }

        if (limits.MonthlyQuota > 0 && UsedThisMonth + recipients > limits.MonthlyQuota)
        {
            var next = new DateTime(_day.Year, _day.Month, 1, 0, 0, 0, DateTimeKind.Utc).AddMonths(1);
            return Refuse("monthly_quota_exceeded", "You have reached your monthly email sending quota.", next);
        }

        return null;
    }

    public void Use(int recipients)
    {
        Interlocked.Add(ref _today, recipients);
        Interlocked.Add(ref _thisMonth, recipients);
    }

    /// <summary>Counts again from the tables when the day changed or nothing was counted yet.</summary>
    public void Refresh(SqlSession sql, bool again = false)
    {
        var today = clock.GetUtcNow().UtcDateTime.Date;
        if (today == _day && !again)
        {
            return;
        }

        _day = today;
        var month = new DateTime(today.Year, today.Month, 1, 0, 0, 0, DateTimeKind.Utc);
        Interlocked.Exchange(ref _today, Since(sql, today));
        Interlocked.Exchange(ref _thisMonth, Since(sql, month));
    }

    private static long Since(SqlSession sql, DateTime start) =>
        sql.Count(
            "SELECT count(*) FROM recipients r JOIN mails m ON m.seq=r.mail_seq WHERE m.at>=@0",
            Instant.Micros(new DateTimeOffset(DateTime.SpecifyKind(start, DateTimeKind.Utc)))
        );

    private ApiAnswer Refuse(string name, string message, DateTime until)
    {
        var answer = ApiErrors.Of(429, name, message);
        var wait = Math.Ceiling((until - clock.GetUtcNow().UtcDateTime).TotalSeconds);
        return switches.Current.RetryAfterOnQuota
            ? answer.With("retry-after", wait.ToString(CultureInfo.InvariantCulture))
            : answer;
    }
}
