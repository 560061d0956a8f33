using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Simulation;

/// <summary>What people do with their campaigns, at any moment; and in the end somebody who finishes what was left.</summary>
internal sealed partial class SimPeople(SimWorld world)
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly Random _random = world.Random;
    private TestTenant North => world.Template.North;
    private TestTenant South => world.Template.South;

    public void Begin()
    {
        var first = _random.Next(4) == 0 ? "first" : null;
        Launch(North, first, TimeSpan.Zero);
        if (_random.Next(2) == 0)
        {
            Launch(South, null, SimNature.Moment(world));
        }

        if (_random.Next(4) == 0)
        {
            Launch(North, "second", SimNature.Moment(world));
        }

        for (var i = 0; i < world.Plan.Acts; i++)
        {
            world.Later(SimNature.Moment(world), Act);
        }
    }

    /// <summary>With the troubles over: whatever a person can finish is finished, until everything is at rest.</summary>
    public void SettleEverything()
    {
        for (var round = 0; round < 12; round++)
        {
            Rest();
            var open = Campaigns()
                .Where(c =>
                    c.Status == CampaignStatus.Paused
                    || (c.Status == CampaignStatus.Partial && Any(c.Id, RecipientState.Pending))
                )
                .ToList();
            var drafts = Campaigns().Where(IsFollowUpDraft).ToList();
            if (open.Count + drafts.Count == 0)
            {
                return;
            }

            drafts.ForEach(LaunchFollowUp);
            foreach (var campaign in open)
            {
                var tenant = TenantOf(campaign.TenantId);
                if (campaign.Status == CampaignStatus.Paused)
                {
                    Continue(tenant, campaign.Id);
                }
                else
                {
                    Resume(tenant, campaign.Id, joined: false);
                }
            }

            world.Turn(() => false, TimeSpan.FromMinutes(2));
        }
    }

    public List<Campaign> Campaigns() =>
        world.Look(db => db.Campaigns.OrderBy(c => c.CreatedAt).ThenBy(c => c.Id).ToListAsync());

    /// <summary>Until no chunk is under way and no doubt can be repeated any more.</summary>
    private void Rest()
    {
        for (var turn = 0; turn < 14; turn++)
        {
            world.Turn(() => false, turn == 0 ? TimeSpan.FromMinutes(5) : TimeSpan.FromHours(3));
            var busy = world.Look(db =>
                db.Chunks.AnyAsync(chunk =>
                    chunk.DoubtfulSince != null
                    || chunk.State == ChunkState.Leased
                    || (
                        chunk.State == ChunkState.Planned
                        && db.Campaigns.Any(c => c.Id == chunk.CampaignId && c.Status == CampaignStatus.Sending)
                    )
                )
            );
            if (!busy)
            {
                return;
            }
        }
    }

    private bool Any(Guid campaignId, RecipientState state) =>
        world.Look(db => db.Recipients.AnyAsync(r => r.CampaignId == campaignId && r.State == state));

    private void Launch(TestTenant tenant, string? tag, TimeSpan at)
    {
        var id = world.Ids.New();
        var tries = 0;
        Try(at);

        void Try(TimeSpan wait) =>
            world.Later(
                wait,
                () =>
                {
                    if (world.Portal is not { Ready: true })
                    {
                        // Down: whoever wanted to launch comes back.
                        Try(TimeSpan.FromSeconds(30));
                        return;
                    }

                    world.Do(
                        $"launch {tenant.Slug} {id:N}",
                        async portal =>
                        {
                            await DraftAsync(portal, tenant, id, tag);
                            var launched = await portal
                                .Get<LaunchCampaign>()
                                .ExecuteAsync(tenant.As(TenantRole.Admin), id, 0, None);
                            return launched.ToString();
                        }
                    );
                    // Whoever saw an error, or a page that went away, presses again; the second press finds it launched.
                    if (++tries < 3)
                    {
                        Try(TimeSpan.FromSeconds(90));
                    }
                }
            );
    }

    private static Task<int> DraftAsync(SimPortal portal, TestTenant tenant, Guid id, string? tag) =>
        portal.Db.WriteAsync(
            tenant.Scope,
            async (db, token) =>
            {
                if (await db.Campaigns.AnyAsync(c => c.Id == id, token))
                {
                    return 0;
                }

                db.Campaigns.Add(
                    new Campaign
                    {
                        TenantId = tenant.Id,
                        Id = id,
                        Name = "Spring",
                        Status = CampaignStatus.Draft,
                        SenderId = tenant.SenderId,
                        Subject = "Hello {{first_name}}",
                        Html = "<p>Hello {{first_name}}</p>",
                        AudienceKind = tag is null ? AudienceKind.All : AudienceKind.Tag,
                        AudienceTag = tag,
                        CreatedBy = "test",
                        CreatedAt = portal.Db.Time.GetUtcNow(),
                        UpdatedAt = portal.Db.Time.GetUtcNow(),
                    }
                );
                return 1;
            },
            None
        );

    private void Act()
    {
        if (!world.Troubled || world.Portal is not { Ready: true })
        {
            return;
        }

        var campaigns = Campaigns();
        if (campaigns.Count == 0)
        {
            return;
        }

        if (campaigns.Find(IsFollowUpDraft) is { } draft && _random.Next(3) > 0)
        {
            LaunchFollowUp(draft);
            return;
        }

        var campaign = campaigns[_random.Next(campaigns.Count)];
        var tenant = TenantOf(campaign.TenantId);
        switch (_random.Next(16))
        {
            case 12 or 13:
                world.Do(
                    $"follow up {campaign.Id:N}",
                    async portal =>
                        $"{await portal.Get<CreateFollowUp>().ExecuteAsync(tenant.As(TenantRole.Admin), campaign.Id, null, None)}"
                );
                break;
            case 14 or 15:
                Decide(tenant, campaign.Id);
                break;
            case 0 or 1:
                world.Do(
                    $"pause {campaign.Id:N}",
                    async portal =>
                        $"{await portal.Get<PauseCampaign>().ExecuteAsync(tenant.As(TenantRole.Admin), campaign.Id, None)}"
                );
                break;
            case 2 or 3:
                Continue(tenant, campaign.Id);
                break;
            case 4 or 5 or 6:
                Resume(tenant, campaign.Id, _random.Next(2) == 0);
                break;
            case 7 when _random.Next(4) == 0:
                world.Do(
                    $"cancel {campaign.Id:N}",
                    async portal =>
                        $"{await portal.Get<CancelCampaign>().ExecuteAsync(tenant.As(TenantRole.Admin), campaign.Id, None)}"
                );
                break;
            case 8 or 9:
                Unsubscribe(tenant);
                break;
            default:
                DeleteAndAdd(tenant, addAgain: _random.Next(3) > 0);
                break;
        }
    }

    private string AnAddress(TestTenant tenant) =>
        tenant == South
            ? $"south{_random.Next(1, SimTemplate.SouthContacts + 1)}@example.net"
            : $"north{_random.Next(1, SimTemplate.NorthContacts + 1)}@example.net";

    private TestTenant TenantOf(Guid id) => id == North.Id ? North : South;
}
