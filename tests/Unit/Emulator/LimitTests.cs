using System.Globalization;
using ResendEmulator.Protocol;
using UnitTests.Emulator.Support;
using static UnitTests.Emulator.Support.EmulatorHarness;

namespace UnitTests.Emulator;

public sealed class LimitTests
{
    [Fact]
    public async Task EveryAnswer_EvenARefusal_CarriesTheRateHeaders()
    {
        await using var emulator = await StartAsync(behaviour: new Behaviour { RateLimitPerSecond = 3 });
        var good = await emulator.BatchAsync(Batch("a@one.test"));
        var bad = await emulator.BatchAsync(Batch("bad"));

        Assert.Equal(("3", "2", "1", "3;w=1"), Headers(good));
        Assert.Equal(("3", "1", "1", "3;w=1"), Headers(bad));
    }

    [Fact]
    public async Task FourthCallInASecondOfThree_Is429WithRetryAfter_AndTheNextSecondIsFree()
    {
        await using var emulator = await StartAsync(behaviour: new Behaviour { RateLimitPerSecond = 3 });
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await emulator.BatchAsync(Batch($"r{i}@one.test"))).Code);
        }

        var over = await emulator.BatchAsync(Batch("late@one.test"));
        emulator.Time.Advance(TimeSpan.FromSeconds(1));
        var next = await emulator.BatchAsync(Batch("late@one.test"));

        Assert.Equal((429, "rate_limit_exceeded"), (over.Code, over.Name));
        Assert.Equal("1", over.Headers["retry-after"]);
        Assert.Equal("0", over.Headers["ratelimit-remaining"]);
        Assert.Equal(200, next.Code);
        Assert.Equal(4, (await emulator.Control.StateAsync()).Mails);
    }

    [Fact]
    public async Task Date_FollowsTheEmulatorsClock()
    {
        await using var emulator = await StartAsync();
        await emulator.Control.AdvanceClockAsync(TimeSpan.FromDays(3));
        var reply = await emulator.GetAsync("/emails");

        var date = DateTimeOffset.Parse(reply.Headers["Date"], CultureInfo.InvariantCulture);
        Assert.Equal(new DateTimeOffset(2026, 3, 7, 5, 6, 7, TimeSpan.Zero), date);
        Assert.DoesNotContain(",", reply.Headers["Date"][5..]);
    }

    [Fact]
    public async Task DailyQuota_CountsRecipients_AndIsFreeAgainAfterMidnight()
    {
        await using var emulator = await StartAsync(
            behaviour: new Behaviour { RateLimitPerSecond = 0, DailyQuota = 3 }
        );
        var two = await emulator.BatchAsync(Json(new[] { Mail(new[] { "a@one.test", "b@one.test" }) }));
        var over = await emulator.BatchAsync(Batch("c@one.test", "d@one.test"));
        var fits = await emulator.BatchAsync(Batch("c@one.test"));
        await emulator.Control.AdvanceClockAsync(TimeSpan.FromHours(19));
        var tomorrow = await emulator.BatchAsync(Batch("d@one.test"));

        Assert.Equal("2", two.Headers["x-resend-daily-quota"]);
        Assert.Equal((429, "daily_quota_exceeded"), (over.Code, over.Name));
        Assert.False(over.Headers.ContainsKey("retry-after"));
        Assert.Equal(200, fits.Code);
        Assert.Equal("1", tomorrow.Headers["x-resend-daily-quota"]);
        Assert.Equal("4", tomorrow.Headers["x-resend-monthly-quota"]);
    }

    [Fact]
    public async Task MonthlyQuota_IsRefusedByItsOwnName()
    {
        await using var emulator = await StartAsync(
            behaviour: new Behaviour
            {
                RateLimitPerSecond = 0,
                MonthlyQuota = 1,
                RetryAfterOnQuota = true,
            }
        );
        await emulator.BatchAsync(Batch("a@one.test"));
        var over = await emulator.BatchAsync(Batch("b@one.test"));

        Assert.Equal((429, "monthly_quota_exceeded"), (over.Code, over.Name));
        Assert.True(int.Parse(over.Headers["retry-after"], CultureInfo.InvariantCulture) > 86_400);
    }

    private static (string, string, string, string) Headers(Reply reply) =>
        (
            reply.Headers["ratelimit-limit"],
            reply.Headers["ratelimit-remaining"],
            reply.Headers["ratelimit-reset"],
            reply.Headers["ratelimit-policy"]
        );
}
