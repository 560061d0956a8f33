using Ledgerpost;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using ResendEmulator.Faults;

namespace AdminPortal.Hosting;

/// <summary>
/// A finished and a partial campaign for the demo tenant, sent by the real engine to the emulator: what a newcomer looks
/// at is what the product does, not rows that were written to look like it.
/// </summary>
public sealed class DemoCampaigns(
    PortalDb portal,
    IIds ids,
    EmbeddedEmulator emulator,
    LaunchCampaign launch,
    CampaignNotifier notifier,
    ILogger<DemoCampaigns> logger
)
{
    /// <summary>Only a start that takes longer than this has a broken engine; the portal starts all the same.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Does nothing without the emulator: demo mail never leaves the machine.</summary>
    public async Task ExecuteAsync(Guid tenantId, CancellationToken cancellation)
    {
        if (emulator.Server is not { } server)
        {
            return;
        }

        await SendAsync(tenantId, "Winter greetings", "vip", CampaignStatus.Sent, cancellation);
        // The second chunk, once: the provider's daily quota, which stops a campaign at once. By somebody who is in it,
        // since chunks go out side by side and which call is the second is chance.
        await server.Control.AddFaultAsync(
            new FaultRule
            {
                Kind = FaultKind.Refuse,
                On = FaultTarget.Batch,
                Address = await SomebodyInTheSecondChunkAsync(tenantId, cancellation),
                Times = 1,
                Status = 429,
                Name = "daily_quota_exceeded",
                Message = "You have reached your daily email sending quota.",
            }
        );
        await SendAsync(tenantId, "Seed catalogue", tag: null, CampaignStatus.Partial, cancellation);
        await server.Control.HealAsync();
    }

    private async Task SendAsync(
        Guid tenantId,
        string name,
        string? tag,
        CampaignStatus until,
        CancellationToken cancellation
    )
    {
        var scope = TenantScope.For(tenantId);
        var id = await portal.WriteAsync(
            scope,
            async (db, token) =>
            {
                var draft = await db.Campaigns.AsNoTracking().FirstAsync(c => c.Status == CampaignStatus.Draft, token);
                var campaign = new Campaign
                {
                    TenantId = tenantId,
                    Id = ids.New(),
                    Name = name,
                    Status = CampaignStatus.Draft,
                    SenderId = draft.SenderId,
                    Subject = $"{name} from Northwind Garden",
                    Html = draft.Html,
                    AudienceKind = tag is null ? AudienceKind.All : AudienceKind.Tag,
                    AudienceTag = tag,
                    CreatedBy = "Ledgerpost",
                    CreatedAt = portal.Time.GetUtcNow(),
                    UpdatedAt = portal.Time.GetUtcNow(),
                };
                db.Campaigns.Add(campaign);
                return campaign.Id;
            },
            cancellation
        );
        var changed = new SemaphoreSlim(0);
        using var subscription = notifier.Subscribe(
            id,
            () =>
            {
                changed.Release();
                return Task.CompletedTask;
            }
        );
        await launch.ExecuteAsync(Caller.System(tenantId), id, version: 0, cancellation);
        var start = portal.Time.GetTimestamp();
        while (await StatusAsync(scope, id, cancellation) is var status && status != until)
        {
            if (portal.Time.GetElapsedTime(start) > Patience)
            {
                logger.LogWarning(
                    "The demo campaign {Name} stands at {Status} after {Patience}.",
                    name,
                    status,
                    Patience
                );
                return;
            }

            await changed.WaitAsync(TimeSpan.FromSeconds(1), cancellation);
        }
    }

    private async Task<string> SomebodyInTheSecondChunkAsync(Guid tenantId, CancellationToken cancellation)
    {
        await using var db = portal.Read(TenantScope.For(tenantId));
        return await db
            .Contacts.OrderBy(contact => contact.CreatedAt)
            .ThenBy(contact => contact.Id)
            .Skip(Chunk.MaxRecipients)
            .Select(contact => contact.Email)
            .FirstAsync(cancellation);
    }

    private async Task<CampaignStatus> StatusAsync(TenantScope scope, Guid id, CancellationToken cancellation)
    {
        await using var db = portal.Read(scope);
        return await db.Campaigns.Where(c => c.Id == id).Select(c => c.Status).SingleAsync(cancellation);
    }
}
