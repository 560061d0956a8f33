using System.Security.Cryptography;
using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Senders;

/// <summary>What is done with a key before it is kept, and where it never appears.</summary>
public sealed class OwnKeyTests : IAsyncLifetime
{
    private const string Canary = "re_canary_ABCDEFGHIJKL9876";
    private const string CanarySecret = "whsec_Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5MTI=";

    private EngineHarness _engine = null!;

    public async Task InitializeAsync() => _engine = await EngineHarness.CreateAsync();

    public async Task DisposeAsync() => await _engine.DisposeAsync();

    [Theory]
    [InlineData("", KeyAnswer.Full, "It begins with re_.")]
    [InlineData("re_one first", KeyAnswer.Full, "It begins with re_.")]
    [InlineData("re_one_first\r\nX-Other: 1", KeyAnswer.Full, "It begins with re_.")]
    [InlineData("re_one_first", KeyAnswer.Refused, "The provider does not know this key.")]
    [InlineData("re_one_first", KeyAnswer.SendingOnly, "may only send")]
    [InlineData("re_one_first", KeyAnswer.NoAnswer, "did not answer, so nothing was kept")]
    public async Task Key_ThatCannotBeUsed_IsRefusedAtItsPlace_AndNothingIsKept(
        string key,
        KeyAnswer answer,
        string reason
    )
    {
        var error = Assert.Single(
            Assert.IsType<OwnAccountOutcome.Invalid>(await _engine.SetKeyAsync(key, answer)).Errors
        );

        Assert.Equal("ApiKey", error.Field);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        await using var db = _engine.Db.Read(_engine.Tenant.Scope);
        Assert.False(await db.OwnAccounts.AnyAsync());
    }

    [Fact]
    public async Task Key_OfTheInstallationsAccount_IsRefused()
    {
        // It opens the domain that stands in the installation's account.
        _engine.Probe.Asked = (_, id) => id == _engine.Tenant.DomainId.ToString();

        var refused = Assert.IsType<OwnAccountOutcome.Invalid>(await _engine.SetKeyAsync("re_one_first"));

        Assert.Contains("this installation", refused.Errors[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_WhoseAccountTheProviderDoesNotTell_IsNotGuessed()
    {
        await _engine.OwnAccountAsync("one");
        _engine.Probe.Asked = (_, id) => id == "one" ? null : false;

        Assert.IsType<OwnAccountOutcome.Invalid>(await _engine.SetKeyAsync("re_one_second"));

        Assert.Equal("irst", (await ViewAsync()).Key!.LastFour);
    }

    [Theory]
    [InlineData(TenantRole.Admin)]
    [InlineData(TenantRole.Viewer)]
    public async Task Key_IsTheOwnersAffair(TenantRole role) =>
        await Assert.ThrowsAsync<AccessDeniedException>(() => _engine.SetKeyAsync("re_one_first", role: role));

    [Fact]
    public async Task KeyAndSecret_StandNowhereInTheDatabase_AndNoViewTellsMoreThanFourLetters()
    {
        await _engine.SetKeyAsync(Canary);
        await new AddOwnWebhookSecret(_engine.Db, OwnAccountSteps.Secrets).ExecuteAsync(
            _engine.Tenant.As(TenantRole.Owner),
            CanarySecret
        );

        var rows = await _engine.Database.DumpAsync(_engine.Tenant.Id);
        Assert.Contains(rows, row => row.Contains("provider_key.set", StringComparison.Ordinal));
        Assert.All(rows, row => Assert.DoesNotContain(Canary[..12], row, StringComparison.Ordinal));
        Assert.All(rows, row => Assert.DoesNotContain(CanarySecret[6..16], row, StringComparison.Ordinal));
        // Nor one letter more than those four.
        Assert.All(rows, row => Assert.DoesNotContain(Canary[^5..], row, StringComparison.Ordinal));
        Assert.All(rows, row => Assert.DoesNotContain(CanarySecret[^5..], row, StringComparison.Ordinal));
        var view = await ViewAsync();
        Assert.Equal(("9876", "MTI="), (view.Key!.LastFour, Assert.Single(view.Secrets).LastFour));
    }

    [Fact]
    public async Task KeptKey_IsReadForItsOwnTenantAlone()
    {
        await _engine.SetKeyAsync(Canary);
        var own = await _engine.OwnAsync();
        var keys = new OwnKeys(_engine.Db, _engine.Accounts, OwnAccountSteps.Secrets, NullLogger<OwnKeys>.Instance);
        Assert.Equal(Canary, await keys.FindAsync(own.Id, CancellationToken.None));

        await using var db = _engine.Db.Read(_engine.Tenant.Scope);
        var kept = (await db.OwnAccounts.SingleAsync()).ApiKey!;
        Assert.Throws<CryptographicException>(() => OwnAccountSteps.Secrets.Read(_engine.Database.AccountId, kept));
    }

    [Fact]
    public async Task Key_OfAnUnusedAccount_IsReplaced_WithoutAnotherAccount()
    {
        await _engine.SetKeyAsync("re_one_first");

        var saved = Assert.IsType<OwnAccountOutcome.Saved>(await _engine.SetKeyAsync("re_two_other"));

        Assert.Equal(KeyProof.SameAccount, saved.Proof);
    }

    [Fact]
    public async Task KeptKey_ThatCannotBeReadHere_IsNone_AndThrowsNothing()
    {
        await _engine.SetKeyAsync(Canary);
        var elsewhere = new ProviderSecrets(new EphemeralDataProtectionProvider());
        var keys = new OwnKeys(_engine.Db, _engine.Accounts, elsewhere, NullLogger<OwnKeys>.Instance);

        Assert.Null(await keys.FindAsync((await _engine.OwnAsync()).Id, CancellationToken.None));
    }

    [Fact]
    public async Task Key_OfAnUnusedAccount_IsReplaced_AndTheSecretsOfTheFormerSignNothingAnyMore()
    {
        await _engine.SetKeyAsync("re_one_first");
        await new AddOwnWebhookSecret(_engine.Db, OwnAccountSteps.Secrets).ExecuteAsync(
            _engine.Tenant.As(TenantRole.Owner),
            CanarySecret
        );

        await _engine.SetKeyAsync("re_two_other");

        Assert.Empty((await ViewAsync()).Secrets);
    }

    [Fact]
    public async Task Key_ThatAnotherOwnerChangedMeanwhile_IsNotReplacedUnseen()
    {
        await _engine.OwnAccountAsync("one");
        var changed = false;
        _engine.Probe.BeforeAnswer = async id =>
        {
            if (id == "one" && !changed)
            {
                changed = true;
                await _engine.SetKeyAsync("re_one_second");
            }
        };

        Assert.IsType<OwnAccountOutcome.Invalid>(await _engine.SetKeyAsync("re_one_third"));

        Assert.Equal("cond", (await ViewAsync()).Key!.LastFour);
    }

    [Fact]
    public async Task Key_ThatOpensTwoAccounts_IsTheCurrentOnes()
    {
        // The same account in two rows: its first key was taken for another account's when nothing there could prove it.
        await _engine.OwnAccountAsync("one");
        _engine.Time.Advance(TimeSpan.FromMinutes(1));
        await _engine.OwnAccountAsync("two");
        var current = await _engine.OwnAccountAsync("one");
        _engine.Probe.Asked = (_, id) => id is "one" or "two";

        var saved = Assert.IsType<OwnAccountOutcome.Saved>(await _engine.SetKeyAsync("re_both_first"));

        Assert.Equal((KeyProof.SameAccount, 0), (saved.Proof, saved.DomainsMoved));
        Assert.Equal(current.Id, (await _engine.OwnAsync()).Id);
    }

    private Task<OwnAccountView> ViewAsync() =>
        new OwnAccountOverview(_engine.Db).ExecuteAsync(_engine.Tenant.As(TenantRole.Owner));
}
