using AdminPortal.Components.Shared;
using AdminPortal.Features.Senders;
using AdminPortal.Hosting;
using AdminPortal.Tenancy;
using Bunit;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Radzen;
using UnitTests.Support;

namespace UnitTests.Senders;

public sealed class SendersPageTests : BunitContext
{
    [Fact]
    public async Task Domain_ThatALookInTheBackgroundFindsVerified_IsShownSo_WithItsRecords_WithoutAPress()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        await database.Db.WriteAsync(
            tenant.Scope,
            (db, token) =>
                db.SendingDomains.ExecuteUpdateAsync(
                    set => set.SetProperty(domain => domain.Status, DomainStatus.Pending),
                    token
                ),
            CancellationToken.None
        );
        var provider = new ScriptedDomains { Get = Answer(DomainStatus.Pending, "pending") };
        var registration = new DomainRegistration(database.Db, provider);
        var signal = new DomainSignal();
        var live = new CampaignNotifier(TimeProvider.System);
        var page = Open(database, tenant, registration, live, provider);
        page.WaitForAssertion(() => Assert.Equal("Being checked", Badges(page)[0]));

        provider.Get = Answer(DomainStatus.Verified, "verified");
        using var service = new DomainService(
            new RecheckDomains(database.Db, registration, signal, NullLogger<RecheckDomains>.Instance),
            signal,
            live
        );
        await service.StartAsync(CancellationToken.None);

        page.WaitForAssertion(() => Assert.Equal(["Verified", "Found"], Badges(page)), TimeSpan.FromSeconds(20));
        await service.StopAsync(CancellationToken.None);
    }

    private static List<string> Badges(IRenderedComponent<SendersPage> page) =>
        [.. page.FindComponents<StatusBadge>().Select(badge => badge.Instance.Word)];

    private static DomainAnswer.Known Answer(DomainStatus status, string record) =>
        new(
            new ProviderDomain(
                "id-1",
                "north.test",
                status,
                [new DnsRecord("DKIM", "TXT", "resend._domainkey", "p=abc", "Auto", null, record)]
            )
        );

    private IRenderedComponent<SendersPage> Open(
        TestDatabase database,
        TestTenant tenant,
        DomainRegistration registration,
        CampaignNotifier live,
        ScriptedDomains provider
    )
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddLogging();
        Services.AddRadzenComponents();
        Services.AddScoped<Confirmations>();
        Services.AddScoped<Toasts>();
        Services.AddSingleton<TimeProvider>(database.Time);
        Services.AddSingleton(live);
        Services.AddSingleton(new SenderOverview(database.Db));
        Services.AddSingleton(new AddSendingDomain(database.Db, registration));
        Services.AddSingleton(new CheckSendingDomain(database.Db, registration));
        Services.AddSingleton(new RemoveSendingDomain(database.Db, provider));
        Services.AddSingleton(new RemoveSender(database.Db));
        SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        var session = new TenantSession(
            tenant.Id,
            tenant.Slug,
            "North Ltd",
            "UTC",
            TenantRole.Admin,
            tenant.As(TenantRole.Admin)
        );
        RenderTree.Add<CascadingValue<TenantSession>>(cascade => cascade.Add(value => value.Value, session));
        return Render<SendersPage>(parameters => parameters.Add(page => page.Slug, "north"));
    }
}
