using System.Text.Json;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Outbox;
using Ledgerpost.OutgoingEvents;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Identity;
using UnitTests.Senders;

namespace UnitTests.OutgoingEvents;

/// <summary>What an organisation's owners and programs are told without anybody looking at a page.</summary>
public sealed class OwnerNoticeTests : IAsyncLifetime
{
    private readonly AccountMailer _mailer = new(
        new AccountMailOptions("portal@example.org", (kind, slug) => $"https://portal.test/{kind}/{slug}"),
        AccountRig.Protection,
        new AccountMailSignal()
    );
    private readonly ScriptedDomains _domains = new();
    private HookRig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = await HookRig.CreateAsync();
        await _rig.Engine.Database.AddTenantAsync("south");
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task LostVerification_IsMailedToTheOwners_AndToldToPrograms_OnceForEachLoss()
    {
        using var server = new HookServer();
        await _rig.SubscribeAsync(server, ["domain.verified", "domain.unverified"]);

        // Lost once, whatever the provider calls it from then on.
        foreach (var status in new[] { DomainStatus.PartiallyFailed, DomainStatus.Failed, DomainStatus.Pending })
        {
            await LookAsync(status);
        }

        await _rig.DeliverAsync();
        var mail = Assert.Single(await MailsAsync());
        Assert.Equal(AccountMailKind.DomainUnverified, mail.Kind);
        Assert.Equal(await OwnerAsync(), mail.To);
        var text = JsonDocument.Parse(_mailer.Read(mail)).RootElement.GetProperty("text").GetString();
        Assert.Contains("does not verify north.test of", text, StringComparison.Ordinal);
        Assert.Contains("https://portal.test/DomainUnverified/north", text, StringComparison.Ordinal);
        var told = Assert.Single(server.Hooks);
        Assert.Equal("domain.unverified", told.Type);
        Assert.Equal(
            (_rig.Engine.Tenant.DomainId, "north.test", "partially_failed"),
            (
                told.Data.GetProperty("id").GetGuid(),
                told.Data.GetProperty("name").GetString(),
                told.Data.GetProperty("status").GetString()
            )
        );

        await LookAsync(DomainStatus.Verified);
        await LookAsync(DomainStatus.Verified);
        // What is due at once goes out at once, in no order.
        await _rig.DeliverAsync();
        await LookAsync(DomainStatus.Failed);
        await _rig.DeliverAsync();
        Assert.Equal(2, (await MailsAsync()).Count);
        Assert.Equal(["domain.unverified", "domain.verified", "domain.unverified"], server.Types);
    }

    [Fact]
    public async Task Endpoint_ThatIsDisabledAfterFiveDaysOfFailures_IsMailedToTheOwners_Once()
    {
        using var server = new HookServer { Status = 503 };
        var endpoint = (await _rig.SubscribeAsync(server, HookRig.AllEvents)).Endpoint;
        var deliver = _rig.NewDeliver(_mailer);
        for (var day = 0; day < 7; day++)
        {
            await _rig.Test.ExecuteAsync(_rig.Admin, endpoint.Id, CancellationToken.None);
            await _rig.DeliverAsync(deliver);
            Assert.Equal(day < 5 ? 0 : 1, (await MailsAsync()).Count);
            _rig.Engine.Time.Advance(TimeSpan.FromDays(1));
        }

        Assert.Equal(EndpointState.Disabled, (await _rig.EndpointAsync(endpoint.Id)).State);
        var mail = Assert.Single(await MailsAsync());
        Assert.Equal((AccountMailKind.EndpointDisabled, await OwnerAsync()), (mail.Kind, mail.To));
        var text = JsonDocument.Parse(_mailer.Read(mail)).RootElement.GetProperty("text").GetString();
        Assert.Contains("nothing came through for five days", text, StringComparison.Ordinal);
        Assert.Contains(server.Url, text, StringComparison.Ordinal);
        Assert.Contains("https://portal.test/EndpointDisabled/north", text, StringComparison.Ordinal);
    }

    private async Task LookAsync(DomainStatus status)
    {
        _domains.Get = ScriptedDomains.Known("id-1", status);
        await new CheckSendingDomain(
            _rig.Engine.Db,
            new DomainRegistration(_rig.Engine.Db, _domains, _mailer)
        ).ExecuteAsync(_rig.Engine.Tenant.As(TenantRole.Admin), _rig.Engine.Tenant.DomainId);
        _rig.Engine.Time.Advance(TimeSpan.FromMinutes(1));
    }

    private async Task<string?> OwnerAsync()
    {
        var owner = _rig.Engine.Tenant.People[TenantRole.Owner];
        await using var db = _rig.Engine.Db.Read(TenantScope.None);
        return await db.Users.Where(user => user.Id == owner).Select(user => user.Email).SingleAsync();
    }

    private async Task<List<AccountMail>> MailsAsync()
    {
        await using var db = _rig.Engine.Db.Read(TenantScope.None);
        return await db.AccountMails.ToListAsync();
    }
}
