using AdminPortal.Components.Shared;

namespace UnitTests.Components;

public sealed class WordsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 14, 3, 22, TimeSpan.Zero);

    [Theory]
    [InlineData(0, "0 people")]
    [InlineData(1, "1 person")]
    [InlineData(2300, "2,300 people")]
    [InlineData(1234567, "1,234,567 people")]
    public void People_Counted_HaveSeparatorsAndTheirPlural(long count, string words) =>
        Assert.Equal(words, Words.People(count));

    [Theory]
    [InlineData(-10, "just now")]
    [InlineData(10, "just now")]
    [InlineData(-50, "1 minute ago")]
    [InlineData(-150, "2 minutes ago")]
    [InlineData(-3_590, "1 hour ago")]
    [InlineData(-3_600 * 5, "5 hours ago")]
    [InlineData(3_600 * 2, "in 2 hours")]
    [InlineData(-86_400 * 3, "3 days ago")]
    [InlineData(-86_400 * 40, "12 Oct 2026")]
    public void Relative_FromNow_IsASentenceOrADate(int seconds, string words) =>
        Assert.Equal(words, Words.Relative(Now.AddSeconds(seconds), Now));

    [Fact]
    public void Exact_InAZone_NamesTheZone()
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Vienna");

        Assert.Equal("21 Nov 2026, 14:03:22 UTC", Words.Exact(Now));
        Assert.Equal("21 Nov 2026, 15:03:22 Europe/Vienna", Words.Exact(Now, zone));
    }

    [Theory]
    [InlineData(4, "4 s")]
    [InlineData(200, "3 min")]
    [InlineData(7_500, "2 h 5 min")]
    public void Duration_OfSeconds_IsShort(int seconds, string words) =>
        Assert.Equal(words, Words.Duration(TimeSpan.FromSeconds(seconds)));
}
