using AdminPortal.Features.Campaigns;

namespace UnitTests.Campaigns;

/// <summary>Clocks that are put forward and back, in the tenant's zone.</summary>
public sealed class ScheduleTimeTests
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData("2027-01-15T09:00", "2027-01-15T08:00:00Z")]
    [InlineData("2027-07-15T09:00", "2027-07-15T07:00:00Z")]
    [InlineData("2027-03-28T01:59", "2027-03-28T00:59:00Z")]
    [InlineData("2027-03-28T03:00", "2027-03-28T01:00:00Z")]
    [InlineData("2027-10-31T03:00", "2027-10-31T02:00:00Z")]
    public void Wall_ThatComesOnce_IsOneInstant(string wall, string utc) =>
        Assert.Equal(Instant(utc), Assert.IsType<ScheduleTime.Once>(Of(wall)).At);

    [Theory]
    [InlineData("2027-03-28T02:00")]
    [InlineData("2027-03-28T02:30")]
    [InlineData("2027-03-28T02:59")]
    public void Wall_OverWhichTheClocksArePutForward_IsNone_AndTheNextIsNamed(string wall) =>
        Assert.Equal(new DateTime(2027, 3, 28, 3, 0, 0), Assert.IsType<ScheduleTime.Never>(Of(wall)).Next);

    [Fact]
    public void Wall_ThatComesTwice_IsTwoInstants_TheEarlierFirst()
    {
        var twice = Assert.IsType<ScheduleTime.Twice>(Of("2027-10-31T02:30"));

        Assert.Equal((Instant("2027-10-31T00:30:00Z"), Instant("2027-10-31T01:30:00Z")), (twice.First, twice.Second));
        Assert.Equal(("UTC+02:00", "UTC+01:00"), (ScheduleTime.Offset(twice.First), ScheduleTime.Offset(twice.Second)));
    }

    [Fact]
    public void Full_SaysTheZone_AndHowFarItIsFromUtc() =>
        Assert.Equal(
            "31 Oct 2027, 02:30:00 Europe/Berlin (UTC+01:00)",
            ScheduleTime.Full(Instant("2027-10-31T01:30:00Z"), Berlin)
        );

    private static ScheduleTime Of(string wall) =>
        ScheduleTime.Of(DateTime.Parse(wall, System.Globalization.CultureInfo.InvariantCulture), Berlin);

    private static DateTimeOffset Instant(string utc) =>
        DateTimeOffset.Parse(utc, System.Globalization.CultureInfo.InvariantCulture);
}
