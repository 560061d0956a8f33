using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
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
        world.Owners.Begin();
        // With time to give an account of one's own its key.
        Launch(North, first, TimeSpan.FromSeconds(world.Plan.OwnAccounts ? 20 : 0));
        if (_random.Next(2) == 0)
        {
            Launch(South, null, SimNature.Moment(world));
        }

        if (_random.Next(4) == 0)
        {
            Launch(North, "second", SimNature.Moment(world));
        }

        for (var i = 0; i < world.Plan.Emails; i++)
        {
            Post(_random.Next(3) == 0 ? South : North, $"order-{i}", SimNature.Moment(world));
        }

        if (world.Plan.Schedules)
        {
            Schedule(_random.Next(3) == 0 ? South : North, SimNature.Moment(world));
        }

        for (var i = 0; i < world.Plan.Leavers; i++)
        {
            world.Later(TimeSpan.FromSeconds(30 * _random.NextDouble() * _random.NextDouble()), Leave);
        }

        for (var i = 0; i < world.Plan.Acts; i++)
        {
            world.Later(SimNature.Moment(world), Act);
        }

        for (var i = 0; i < world.Plan.DomainLosses; i++)
        {
            var from = SimNature.Moment(world);
            world.Later(from, () => SetDomain(DomainStatus.Failed));
            world.Later(from + SimNature.Moment(world), () => SetDomain(DomainStatus.Verified));
        }

        if (world.Plan.KeyChanges + world.Plan.Restores > 0)
        {
            world.Later(SimNature.Moment(world), Release);
            world.Later(world.Plan.Horizon * _random.NextDouble(), Release);
        }
    }

    /// <summary>With the troubles over: whatever a person can finish is finished, until everything is at rest.</summary>
    public void SettleEverything()
    {
        SetDomain(DomainStatus.Verified);
        for (var round = 0; round < 12; round++)
        {
            Release();
            world.Owners.VerifyDomains();
            Rest();
            DecideSome();
            var open = Campaigns()
                .Where(c =>
                    c.Status == CampaignStatus.Paused
                    || (c.Status == CampaignStatus.Partial && Any(c.Id, RecipientState.Pending))
                )
                .ToList();
            var drafts = Campaigns().Where(c => IsFollowUpDraft(c) && world.RestoredAt is null).ToList();
            var scheduled = Campaigns()
                .Where(c => c.Status == CampaignStatus.Scheduled && world.RestoredAt is null)
                .ToList();
            // A machine that dozes may need longer than one rest for what is left to send.
            var sending = Campaigns().Exists(c => c.Status == CampaignStatus.Sending);
            if (!sending && open.Count + drafts.Count + scheduled.Count == 0)
            {
                SeeWhatWasDue();
                return;
            }

            scheduled.FindAll(c => c.StopReason is not null).ForEach(asks => LaunchAsShown(asks, SimDeed.AskedWhenDue));

            drafts.ForEach(draft => LaunchAsShown(draft, SimDeed.FollowUpLaunched));
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

    // Most calls become unknown only when their window is over, and then somebody decides, or nobody ever does.
    private void DecideSome()
    {
        foreach (var campaign in Campaigns().Where(_ => _random.Next(3) == 0))
        {
            Decide(TenantOf(campaign.TenantId), campaign.Id);
        }

        world.Turn(() => false, TimeSpan.FromMinutes(2));
    }

    public List<Campaign> Campaigns() =>
        world.Look(db => db.Campaigns.OrderBy(c => c.CreatedAt).ThenBy(c => c.Id).ToListAsync());

    /// <summary>Until no chunk is under way and no doubt can be repeated any more.</summary>
    private void Rest()
    {
        for (var turn = 0; turn < 9; turn++)
        {
            world.Turn(() => false, turn == 0 ? TimeSpan.FromMinutes(5) : TimeSpan.FromHours(5));
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
        var answered = false;
        Try(at);

        void Try(TimeSpan wait) =>
            world.Later(
                wait,
                () =>
                {
                    if (answered && _random.Next(3) > 0)
                    {
                        return;
                    }

                    if (world.RestoredAt is not null)
                    {
                        // An older database does not know whether it was launched: nobody presses again.
                        return;
                    }

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
                            answered = true;
                            return world.Note(launched, launched is LaunchResult.Launched, SimDeed.Launched);
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

        if (campaigns.Find(IsFollowUpDraft) is { } draft && world.RestoredAt is null && _random.Next(3) > 0)
        {
            LaunchAsShown(draft, SimDeed.FollowUpLaunched);
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
                    {
                        var result = await portal
                            .Get<CreateFollowUp>()
                            .ExecuteAsync(tenant.As(TenantRole.Admin), campaign.Id, null, None);
                        return world.Note(result, result is FollowUpResult.Created, SimDeed.FollowedUp);
                    }
                );
                break;
            case 14 or 15:
                Decide(tenant, campaign.Id);
                break;
            case 0 or 1:
                world.Do(
                    $"pause {campaign.Id:N}",
                    async portal =>
                    {
                        var result = await portal
                            .Get<PauseCampaign>()
                            .ExecuteAsync(tenant.As(TenantRole.Admin), campaign.Id, None);
                        return world.Note(result, result.Won, SimDeed.Paused);
                    }
                );
                break;
            case 2 or 3:
                Continue(tenant, campaign.Id);
                break;
            case 4 or 5 or 6:
                Resume(tenant, campaign.Id, world.RestoredAt is null && _random.Next(2) == 0);
                break;
            case 7 when _random.Next(4) == 0:
                world.Do(
                    $"cancel {campaign.Id:N}",
                    async portal =>
                    {
                        var result = await portal
                            .Get<CancelCampaign>()
                            .ExecuteAsync(tenant.As(TenantRole.Admin), campaign.Id, None);
                        return world.Note(result, result.Won, SimDeed.Cancelled);
                    }
                );
                break;
            case 8 or 9:
                Unsubscribe(tenant);
                break;
            case 10:
                Edit(tenant, campaign);
                break;
            default:
                DeleteAndAdd(tenant, addAgain: _random.Next(3) > 0);
                break;
        }
    }

    private TestTenant TenantOf(Guid id) => world.TenantOf(id);
}
