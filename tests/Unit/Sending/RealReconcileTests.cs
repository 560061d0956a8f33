using AdminPortal.Hosting;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using ResendEmulator.Faults;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>The real host, real HTTP, the emulator's log and list: answers lost, events held, the campaign cancelled.</summary>
public sealed class RealReconcileTests
{
    [Fact]
    public async Task AnswersLost_CampaignCancelled_TheProvidersRecordProvesThem()
    {
        await using var host = await RealHost.StartAsync("--Demo:Seed=true");
        var control = host.Get<EmbeddedEmulator>().Server!.Control;
        Campaign campaign;
        await using (var db = host.Get<PortalDb>().Read(TenantScope.Installation))
        {
            campaign = await db.Campaigns.SingleAsync(c => c.Status == CampaignStatus.Partial);
        }

        var scope = TenantScope.For(campaign.TenantId);
        control.HoldWebhooks();
        await control.SetFaultsAsync(
            new FaultRule
            {
                Kind = FaultKind.Cut,
                Point = FaultPoint.After,
                On = FaultTarget.Batch,
            }
        );
        await host.Get<ResumeCampaign>()
            .ExecuteAsync(
                Caller.System(campaign.TenantId),
                campaign.Id,
                new ResumeRequest(1, IncludeJoined: false),
                CancellationToken.None
            );
        await UntilAnAttemptIsOverAsync(host, scope, campaign.Id);
        await host.Get<CancelCampaign>()
            .ExecuteAsync(Caller.System(campaign.TenantId), campaign.Id, CancellationToken.None);
        await UntilAsync(host, scope, campaign.Id, db => NobodyCallsAsync(db, campaign.Id));
        await using (var db = host.Get<PortalDb>().Read(scope))
        {
            Assert.True(
                await db.Recipients.AnyAsync(r => r.CampaignId == campaign.Id && r.State == RecipientState.InDoubt)
            );
        }

        await control.HealAsync();
        Assert.True(await host.Get<Reconciler>().RunOnceAsync(CancellationToken.None) > 0);

        var mailed = await control.MailsAsync(campaign: campaign.Id.ToString("N"), limit: 1000);
        await using var after = host.Get<PortalDb>().Read(scope);
        var ledger = await after.Recipients.Where(r => r.CampaignId == campaign.Id).ToListAsync();
        Assert.DoesNotContain(ledger, r => r.State is RecipientState.InDoubt or RecipientState.Unknown);
        Assert.Equal(
            mailed.Select(mail => mail.Id).Order(StringComparer.Ordinal),
            ledger
                .Where(r => r.State == RecipientState.Accepted)
                .Select(r => r.ProviderEmailId)
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(0, (await control.StateAsync()).Duplicates);
    }

    private static Task UntilAnAttemptIsOverAsync(RealHost host, TenantScope scope, Guid id) =>
        UntilAsync(
            host,
            scope,
            id,
            db => db.Attempts.AnyAsync(a => a.CampaignId == id && a.Outcome == AttemptOutcome.Ambiguous)
        );

    private static async Task<bool> NobodyCallsAsync(PortalDbContext db, Guid id) =>
        !await db.Chunks.AnyAsync(c => c.CampaignId == id && c.State == ChunkState.Leased);

    private static async Task UntilAsync(
        RealHost host,
        TenantScope scope,
        Guid id,
        Func<PortalDbContext, Task<bool>> holds
    )
    {
        using var changed = new SemaphoreSlim(1);
        using var subscription = host.Get<CampaignNotifier>()
            .Subscribe(
                id,
                () =>
                {
                    changed.Release();
                    return Task.CompletedTask;
                }
            );
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            await changed.WaitAsync(limit.Token);
            await using var db = host.Get<PortalDb>().Read(scope);
            if (await holds(db))
            {
                return;
            }
        }
    }
}
