using Ledgerpost.Contacts;
using Ledgerpost.Data;

namespace UnitTests.Contacts;

public sealed class PlainTextTests
{
    [Theory]
    [InlineData("  Ada ", "Ada")]
    [InlineData("   ", null)]
    [InlineData(null, null)]
    [InlineData("O'Brien <b>", "O'Brien <b>")]
    [InlineData("=SUM(A1)", "=SUM(A1)")]
    [InlineData("می\u200cخواهم", "می\u200cخواهم")]
    public void Name_OfAnyKind_IsKeptAsTyped(string? text, string? expected)
    {
        Assert.True(PlainText.TryParse(text, "first name", 200, out var plain, out _));
        Assert.Equal(expected, plain);
    }

    [Theory]
    [InlineData("Ada\r\nBcc: eve@example.net")]
    [InlineData("Ada\nLovelace")]
    [InlineData("Ada\0")]
    [InlineData("A\tda")]
    [InlineData("Ada\u202eecalevoL")]
    [InlineData("Ada\u2066")]
    [InlineData("Ada\u200f!")]
    [InlineData("Ada\u2028Lovelace")]
    [InlineData("A\ufffdda")]
    public void Name_WithControlOrBidi_IsRefusedWithTheCharacter(string text)
    {
        Assert.False(PlainText.TryParse(text, "first name", 200, out _, out var reason));
        Assert.Contains("U+", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(201, false)]
    public void Name_AtItsLimit_IsAccepted(int length, bool accepted) =>
        Assert.Equal(accepted, PlainText.TryParse(new string('a', length), "first name", 200, out _, out _));

    [Theory]
    [InlineData("  Early   Adopters ", "early adopters")]
    [InlineData("VIP", "vip")]
    public void Tag_HasOneForm(string text, string expected)
    {
        Assert.True(Tag.TryParse(text, out var tag, out _));
        Assert.Equal(expected, tag);
        Assert.True(Tag.TryParse(tag, out var again, out _));
        Assert.Equal(tag, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a,b")]
    [InlineData("a;b")]
    [InlineData("a\nb")]
    [InlineData("a\u202eb")]
    public void Tag_ThatIsNone_IsRefused(string text) => Assert.False(Tag.TryParse(text, out _, out _));

    [Fact]
    public void TagList_IsSplitAndEachTagOnce()
    {
        Assert.True(Tag.TryParseList(" News, beta;NEWS ;; ", out var tags, out _));
        Assert.Equal(["news", "beta"], tags);
        Assert.False(Tag.TryParseList("news," + new string('x', 65), out _, out var reason));
        Assert.Contains("64", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abc", 3, "abc")]
    [InlineData("abcd", 3, "abc")]
    [InlineData("ab\U0001F600", 3, "ab")]
    [InlineData("ab\U0001F600", 4, "ab\U0001F600")]
    [InlineData("\U0001F600", 1, "")]
    public void Beginning_OfAText_EndsBeforeACharacterThatHasNoRoom(string text, int most, string expected) =>
        Assert.Equal(expected, KeptText.Cut(text, most));
}
