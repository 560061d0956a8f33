using AdminPortal.Components.Shared;
using AdminPortal.Features.You;
using Bunit;
using Ledgerpost.Identity;
using Microsoft.Extensions.DependencyInjection;
using Radzen;

namespace UnitTests.Identity;

/// <summary>What an authenticator app reads from the page.</summary>
public sealed class AuthenticatorCardTests : BunitContext
{
    private const string CodeName = "QR code for your authenticator app";

    [Fact]
    public async Task CodeToScan_HoldsTheUriOfTheShownSecret_AndOfWhoeverIsSignedIn()
    {
        await using var rig = await AccountRig.CreateAsync();
        var session = await rig.NewlySignedInAsync();
        var card = Open(rig, session);

        await card.Find("button").ClickAsync();

        var secret = card.Find("[data-testid=authenticator-secret]").TextContent;
        Assert.Matches("^[A-Z2-7]{32}$", secret);
        var uri = $"otpauth://totp/Ledgerpost:ada%40example.org?secret={secret}&issuer=Ledgerpost&digits=6&period=30";
        Assert.Equal(uri, card.FindComponent<QrCode>().Instance.Text);
        Assert.Equal(PathOf(uri), card.Find($"svg[aria-label='{CodeName}'] path").GetAttribute("d"));
    }

    [Fact]
    public void QrCode_OfAnotherText_IsAnotherPath_AlsoWhereItStandsAlready()
    {
        const string One = "otpauth://totp/Ledgerpost:ada%40example.org?secret=GEZDGNBV";
        const string Other = "otpauth://totp/Ledgerpost:ada%40example.org?secret=GEZDGNBW";
        var code = Render<QrCode>(all => all.Add(part => part.Text, One).Add(part => part.Name, CodeName));
        var before = code.Find("path").GetAttribute("d");

        code.Render(all => all.Add(part => part.Text, Other));

        var after = code.Find("path").GetAttribute("d");
        Assert.False(string.IsNullOrEmpty(before));
        Assert.Equal(PathOf(One), before);
        Assert.NotEqual(before, after);
        Assert.Equal(PathOf(Other), after);
    }

    private string? PathOf(string text) =>
        Render<QrCode>(all => all.Add(part => part.Text, text).Add(part => part.Name, CodeName))
            .Find("path")
            .GetAttribute("d");

    private IRenderedComponent<AuthenticatorCard> Open(AccountRig rig, OpenedSession session)
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        var db = rig.Database.Db;
        Services.AddSingleton<TimeProvider>(rig.Database.Time);
        Services.AddSingleton(rig.Enable);
        Services.AddSingleton(new ChangeSecondFactor(db, rig.Secrets));
        Services.AddRadzenComponents();
        Services.AddScoped<Toasts>();
        return Render<AuthenticatorCard>(all =>
            all.Add(card => card.Me, AccountRig.As(session))
                .Add(card => card.View, new SecondFactorView(null, 0, ShownHere: false))
                .Add(card => card.Email, "ada@example.org")
        );
    }
}
