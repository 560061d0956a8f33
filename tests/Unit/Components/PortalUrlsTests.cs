using AdminPortal;

namespace UnitTests.Components;

public sealed class PortalUrlsTests
{
    private static readonly Guid Id = new("0198c3a0-0000-7000-8000-000000000001");

    [Fact]
    public void Campaigns_WithoutFilters_HasThePlainAddress() =>
        Assert.Equal("/t/acme/campaigns", PortalUrls.Campaigns("acme", status: null, q: "", page: 1));

    [Fact]
    public void Contacts_WithFilters_EscapesEachValue() =>
        Assert.Equal(
            "/t/acme/contacts?q=a%26b%3D%22%2B%C3%BC&tag=x%20y&page=3",
            PortalUrls.Contacts("acme", q: "a&b=\"+ü", tag: "x y", page: 3)
        );

    [Fact]
    public void Campaign_WithAPanel_NamesTheRecipientByNumber() =>
        Assert.Equal(
            $"/t/acme/campaigns/{Id}?tab=recipients&state=pending&recipient=2300",
            PortalUrls.Campaign("acme", Id, tab: "recipients", state: "pending", recipient: 2300)
        );

    [Fact]
    public void SignInAndReturn_ToALocalAddress_CarriesItWhole() =>
        Assert.Equal(
            "/account/sign-in?returnUrl=%2Ft%2Facme%2Fcontacts%3Fq%3Dada",
            PortalUrls.SignInAndReturn("/t/acme/contacts?q=ada")
        );

    [Theory]
    [InlineData("/t/acme/campaigns?q=1", "acme")]
    [InlineData("t/acme", "acme")]
    [InlineData("t/caf%C3%A9/x", "café")]
    [InlineData("/t/", null)]
    [InlineData("/", null)]
    [InlineData("/team/acme", null)]
    [InlineData("/operator/tenants?x=/t/acme", null)]
    public void TenantSlugOf_AnyPath_FindsTheTenantOrNone(string path, string? slug) =>
        Assert.Equal(slug, PortalUrls.TenantSlugOf(path));
}
