using FsCheck;
using FsCheck.Fluent;
using Ledgerpost.Contacts;

namespace UnitTests.Contacts;

public sealed class EmailAddressTests
{
    [Theory]
    [InlineData("ada@example.net", "ada@example.net", "ada@example.net")]
    [InlineData("  ada@example.net\t", "ada@example.net", "ada@example.net")]
    [InlineData("Ada.Lovelace@Example.NET", "Ada.Lovelace@example.net", "ada.lovelace@example.net")]
    [InlineData("ada+news@example.net", "ada+news@example.net", "ada+news@example.net")]
    [InlineData("a.d.a@gmail.com", "a.d.a@gmail.com", "a.d.a@gmail.com")]
    [InlineData("ada@münchen.example", "ada@xn--mnchen-3ya.example", "ada@xn--mnchen-3ya.example")]
    [InlineData("ada@MÜNCHEN.example", "ada@xn--mnchen-3ya.example", "ada@xn--mnchen-3ya.example")]
    [InlineData("ada@mu\u0308nchen.example", "ada@xn--mnchen-3ya.example", "ada@xn--mnchen-3ya.example")]
    [InlineData("ada@XN--MNCHEN-3YA.example", "ada@xn--mnchen-3ya.example", "ada@xn--mnchen-3ya.example")]
    [InlineData("ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah", "ada@xn--r8jz45g.xn--zckzah")]
    [InlineData("o'brien@example.net", "o'brien@example.net", "o'brien@example.net")]
    [InlineData(
        "a!#$%&'*+-/=?^_`{|}~b@example.net",
        "a!#$%&'*+-/=?^_`{|}~b@example.net",
        "a!#$%&'*+-/=?^_`{|}~b@example.net"
    )]
    [InlineData("1@2.example", "1@2.example", "1@2.example")]
    [InlineData("ada@a-b.example", "ada@a-b.example", "ada@a-b.example")]
    public void Parse_OfAnAddress_KeepsWhatOnlyTheMailboxKnows(string text, string typed, string normalized)
    {
        Assert.True(EmailAddress.TryParse(text, out var address, out var reason), reason);
        Assert.Equal(typed, address.Typed);
        Assert.Equal(normalized, address.Normalized);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("ada")]
    [InlineData("@example.net")]
    [InlineData("ada@")]
    [InlineData("ada@example")]
    [InlineData("ada@@example.net")]
    [InlineData("ada@x@example.net")]
    [InlineData("ada lovelace@example.net")]
    [InlineData("Ada <ada@example.net>")]
    [InlineData("ada@example.net, eve@example.net")]
    [InlineData("ada@example.net;eve@example.net")]
    [InlineData("\"ada\"@example.net")]
    [InlineData(".ada@example.net")]
    [InlineData("ada.@example.net")]
    [InlineData("ada..lovelace@example.net")]
    [InlineData("ada@.example.net")]
    [InlineData("ada@example.net.")]
    [InlineData("ada@example..net")]
    [InlineData("ada@-example.net")]
    [InlineData("ada@example-.net")]
    [InlineData("ada@exa_mple.net")]
    [InlineData("ada@127.0.0.1")]
    [InlineData("ada@[127.0.0.1]")]
    [InlineData("jürgen@example.net")]
    [InlineData("ada@example.net\u3002")]
    // What ends a header, or makes one address look like another.
    [InlineData("ada@example.net\r\nBcc: eve@example.net")]
    [InlineData("ada\r@example.net")]
    [InlineData("ada\n@example.net")]
    [InlineData("ada@example.net\n")]
    [InlineData("ada\0@example.net")]
    [InlineData("ada\u007f@example.net")]
    [InlineData("ada\u0085@example.net")]
    [InlineData("ada\u00a0@example.net")]
    [InlineData("\u00a0ada@example.net")]
    [InlineData("ada\u00ad@example.net")]
    [InlineData("ada\u200b@example.net")]
    [InlineData("ada@exa\u200cmple.net")]
    [InlineData("ada@exa\u200dmple.net")]
    [InlineData("ada\u2060@example.net")]
    [InlineData("\ufeffada@example.net")]
    [InlineData("ada\u200e@example.net")]
    [InlineData("\u202eada@example.net")]
    [InlineData("ada@\u2066example\u2069.net")]
    [InlineData("ada\u2028@example.net")]
    [InlineData("ada\u2029@example.net")]
    [InlineData("ada@exa\ufffdmple.net")]
    [InlineData("ada@exa\ue000mple.net")]
    [InlineData("ada@exa\ud800mple.net")]
    public void Parse_OfWhatIsNoAddress_SaysWhy(string? text)
    {
        Assert.False(EmailAddress.TryParse(text, out var address, out var reason));
        Assert.Null(address);
        Assert.EndsWith(".", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(64, 60, true)]
    [InlineData(65, 60, false)]
    [InlineData(1, 63, true)]
    [InlineData(1, 64, false)]
    public void Parse_OfALongAddress_HoldsTheLimitsOfItsParts(int local, int label, bool accepted) =>
        Assert.Equal(
            accepted,
            EmailAddress.TryParse($"{new string('a', local)}@{new string('b', label)}.example", out _, out _)
        );

    [Theory]
    [InlineData(254, true)]
    [InlineData(255, false)]
    public void Parse_OfALongAddress_HoldsTheLimitOfTheWhole(int length, bool accepted)
    {
        var labels = string.Join('.', Enumerable.Repeat(new string('b', 60), 3)) + ".";
        var text = $"{new string('a', 60)}@{labels}";
        text += new string('c', Math.Min(63, length - text.Length - 2)) + ".d";
        text =
            text.Length < length
                ? text.Replace("@", new string('a', length - text.Length) + "@", StringComparison.Ordinal)
                : text;

        Assert.Equal(length, text.Length);
        Assert.Equal(accepted, EmailAddress.TryParse(text, out _, out _));
    }

    [Fact]
    public void Parse_OfTheTurkishDotlessI_FoldsAsciiOnly()
    {
        Assert.True(EmailAddress.TryParse("INFO@example.net", out var address, out _));
        Assert.Equal("info@example.net", address.Normalized);
        Assert.False(EmailAddress.TryParse("\u0130nfo@example.net", out _, out _));
    }

    [Fact]
    public void Parse_OfAnything_NormalisedAgainIsTheSame()
    {
        static Gen<string> Texts(string characters) =>
            Gen.Elements(characters.ToCharArray()).ArrayOf().Select(array => new string(array));
        var anything = Texts("aAzZ09.+-_@@@'\"ü\u00df\u0131\u0301\u200b\u00a0 \r\n\t,;<>xn--example.netmünchen例");
        var addresses =
            from local in Texts("aAzZ09+-_'.")
            from domain in Texts("aAzZ09-üÜß\u0131\u0301\u03c2例")
            from top in Gen.Elements("example", "NET", "de", "テスト")
            select $" a{local}b@b{domain}.{top}";
        var accepted = 0;

        Prop.ForAll(
                Gen.OneOf(anything, addresses).ToArbitrary(),
                text =>
                {
                    if (!EmailAddress.TryParse(text, out var once, out _))
                    {
                        return;
                    }

                    accepted++;
                    Assert.True(EmailAddress.TryParse(once.Typed, out var typed, out _));
                    Assert.True(EmailAddress.TryParse(once.Normalized, out var normalized, out _));
                    Assert.Equal(once, typed);
                    Assert.Equal(once.Normalized, normalized.Normalized);
                    Assert.Equal(once.Normalized, normalized.Typed);
                    Assert.All(once.Normalized, character => Assert.True(char.IsAscii(character) && character > ' '));
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));

        // A generator that only makes refused texts would prove nothing.
        Assert.True(accepted > 500, $"Only {accepted} addresses were accepted.");
    }
}
