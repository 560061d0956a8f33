using Ledgerpost.Unsubscribe;

namespace UnitTests.Unsubscribe;

public sealed class UnsubscribeTokensTests
{
    private static readonly UnsubscribeTokens Tokens = new([.. Enumerable.Range(1, 32).Select(i => (byte)i)]);
    private static readonly Guid Tenant = new("11111111-2222-3333-4444-555555555555");

    [Theory]
    [InlineData("ann@example.net")]
    [InlineData("ä@bücher.example")]
    public void Token_Opened_NamesTenantAndAddress(string email) =>
        Assert.Equal((Tenant, email), Tokens.TryOpen(Tokens.Seal(Tenant, email)));

    [Fact]
    public void Token_OfTheLongestAddress_IsOpened()
    {
        var email = new string('a', 308) + "@example.net";

        Assert.Equal((Tenant, email), Tokens.TryOpen(Tokens.Seal(Tenant, email)));
    }

    [Fact]
    public void Token_IsTheSameEachTime_AndAnotherForEachPersonAndTenant()
    {
        var token = Tokens.Seal(Tenant, "ann@example.net");

        Assert.Equal(token, Tokens.Seal(Tenant, "ann@example.net"));
        Assert.NotEqual(token, Tokens.Seal(Tenant, "bob@example.net"));
        Assert.NotEqual(token, Tokens.Seal(Guid.Empty, "ann@example.net"));
    }

    [Fact]
    public void Token_DoesNotShowHowLongTheAddressIs() =>
        Assert.Equal(
            Tokens.Seal(Tenant, "ann@example.net").Length,
            Tokens.Seal(Tenant, "a.longer.name@example.net").Length
        );

    [Fact]
    public void Token_AlteredAnywhere_IsNotOpened()
    {
        var token = Tokens.Seal(Tenant, "ann@example.net");
        for (var i = 0; i < token.Length - 1; i++)
        {
            var altered = token[..i] + (token[i] == 'A' ? 'B' : 'A') + token[(i + 1)..];

            Assert.Null(Tokens.TryOpen(altered));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("not base64 at all ???")]
    [InlineData("../../etc/passwd")]
    public void Token_ThatIsNone_IsNotOpened(string token) => Assert.Null(Tokens.TryOpen(token));

    [Fact]
    public void Token_OfAnotherInstallation_IsNotOpened() =>
        Assert.Null(new UnsubscribeTokens(new byte[32]).TryOpen(Tokens.Seal(Tenant, "ann@example.net")));
}
