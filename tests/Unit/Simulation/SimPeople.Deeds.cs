using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Simulation;

/// <summary>Each deed as a page does it: look, then press; in between somebody else may do something.</summary>
internal sealed partial class SimPeople
{
    private static bool IsFollowUpDraft(Campaign campaign) =>
        campaign is { Status: CampaignStatus.Draft, ContinuesId: not null };

    /// <summary>A follow-up's draft, or a scheduled campaign at once.</summary>
    private void LaunchAsShown(Campaign shown, SimDeed deed) =>
        world.Do(
            $"launch the {shown.Status} {shown.Id:N}",
            async portal =>
            {
                var result = await portal
                    .Get<LaunchCampaign>()
                    .ExecuteAsync(TenantOf(shown.TenantId).As(TenantRole.Admin), shown.Id, shown.Version, None);
                return world.Note(result, result is LaunchResult.Launched, deed);
            }
        );

    /// <summary>For some time within the troubles; now and then somebody does not wait and presses when it is due.</summary>
    private void Schedule(TestTenant tenant, TimeSpan at)
    {
        var id = world.Ids.New();
        var ahead = TimeSpan.FromMinutes(1) + ((world.Plan.Horizon - at) * _random.NextDouble());
        var impatient = _random.Next(3) == 0;
        world.Later(
            at,
            () =>
            {
                if (world.RestoredAt is not null || world.Portal is not { Ready: true })
                {
                    return;
                }

                // By the true time, whatever the portal's clock shows.
                var due = world.Scheduler.Now + ahead;
                world.Do(
                    $"schedule {tenant.Slug} {id:N}",
                    async portal =>
                    {
                        await DraftAsync(portal, tenant, id, null);
                        var result = await portal
                            .Get<ScheduleCampaign>()
                            .ExecuteAsync(tenant.As(TenantRole.Admin), id, 0, due, None);
                        return world.Note(result, result is ScheduleResult.Scheduled, SimDeed.Scheduled);
                    }
                );
                if (impatient)
                {
                    world.Later(ahead, Press);
                }
            }
        );

        void Press()
        {
            if (
                world is { RestoredAt: null, Portal.Ready: true }
                && Campaigns().Find(c => c.Id == id && c.Status == CampaignStatus.Scheduled) is { } scheduled
            )
            {
                LaunchAsShown(scheduled, SimDeed.Launched);
            }
        }
    }

    private void SeeWhatWasDue()
    {
        var launched = world.Look(db =>
            db.AuditEntries.CountAsync(entry =>
                entry.Action == "campaign.launched" && entry.ActorKind == ActorKind.System
            )
        );
        for (var i = 0; i < launched; i++)
        {
            world.Saw(SimDeed.LaunchedWhenDue);
        }
    }

    private void Decide(TestTenant tenant, Guid id)
    {
        var unknown = world.Look(db =>
            db.Chunks.Where(c => c.CampaignId == id && c.State == ChunkState.Unknown)
                .OrderBy(c => c.Number)
                .Select(c => c.Number)
                .ToListAsync()
        );
        if (unknown.Count == 0)
        {
            return;
        }

        var chunk = unknown[_random.Next(unknown.Count)];
        var decision = SimPlan.Pick(_random, UnknownDecision.SendAgain, UnknownDecision.TreatAsSent);
        world.Do(
            $"{decision} chunk {chunk} of {id:N}",
            async portal =>
            {
                var result = await portal
                    .Get<DecideUnknown>()
                    .ExecuteAsync(tenant.As(TenantRole.Admin), id, chunk, decision, None);
                return world.Note(
                    result,
                    result is DecisionResult.Decided,
                    decision == UnknownDecision.SendAgain ? SimDeed.SentAgain : SimDeed.TreatedAsSent
                );
            }
        );
    }

    private void Continue(TestTenant tenant, Guid id) =>
        world.Do(
            $"continue {id:N}",
            async portal =>
            {
                var result = await portal.Get<ContinueCampaign>().ExecuteAsync(tenant.As(TenantRole.Admin), id, None);
                return world.Note(result, result.Won, SimDeed.Continued);
            }
        );

    /// <summary>
    /// As a program does: the same request under the same key until it is answered, and now and then once more. After an
    /// older database came back nobody asks again: what it has forgotten may be older than the provider's memory of keys.
    /// </summary>
    private void Post(TestTenant tenant, string key, TimeSpan at)
    {
        var to = AnAddress(tenant);
        var tries = 0;
        var answered = false;
        Try(at);

        void Try(TimeSpan wait) =>
            world.Later(
                wait,
                () =>
                {
                    if (world.RestoredAt is not null || (answered && _random.Next(2) == 0))
                    {
                        return;
                    }

                    if (world.Portal is { Ready: true })
                    {
                        world.Do($"post {key} of {tenant.Slug} to {to}", PostAsync);
                    }

                    if (++tries < 4)
                    {
                        Try(TimeSpan.FromSeconds(_random.Next(1, 120)));
                    }
                }
            );

        async Task<string> PostAsync(SimPortal portal)
        {
            try
            {
                var sender = await world.Owners.SenderAsync(portal, tenant);
                var result = await EmailSteps.PostAsync(portal.Db, portal.Get<SendingSignal>(), sender, key, to);
                answered = true;
                return world.Note(result, result is SendEmailResult.Posted, SimDeed.EmailPosted);
            }
            catch (CommandAnsweredException)
            {
                answered = true;
                return world.Note("answered before", true, SimDeed.EmailPostedAgain);
            }
        }
    }

    private void Resume(TestTenant tenant, Guid id, bool joined) =>
        world.Do(
            $"resume {id:N}{(joined ? " with who joined" : "")}",
            async portal =>
            {
                var shown = await portal.Get<ResumePreview>().ExecuteAsync(tenant.Scope, id, None);
                // A transactional mail's page has no preview, and names the run that it shows.
                var run = shown?.CurrentRun ?? Campaigns().Single(campaign => campaign.Id == id).CurrentRun;
                // Between the page and the press somebody else may do something.
                await Task.Yield();
                var result = await portal
                    .Get<ResumeCampaign>()
                    .ExecuteAsync(tenant.As(TenantRole.Admin), id, new ResumeRequest(run, joined), None);
                await world.Relaxation.ResumedAsync(portal, id);
                return world.Note(
                    result,
                    result is ResumeResult.Resumed,
                    joined ? SimDeed.ResumedWithWhoJoined : SimDeed.Resumed
                );
            }
        );

    /// <summary>What was launched does not change any more, whatever a page that is still open saves.</summary>
    private void Edit(TestTenant tenant, Campaign campaign) =>
        world.Do(
            $"edit {campaign.Id:N}",
            async portal =>
            {
                var result = await new SaveDraft(portal.Db).ExecuteAsync(
                    tenant.As(TenantRole.Editor),
                    campaign.Id,
                    campaign.Version,
                    DraftContent.Of(campaign) with
                    {
                        Html = $"<p>Edited at {world.Scheduler.Now.Ticks}, {{{{first_name}}}}</p>",
                    },
                    None
                );
                return world.Note(result, result is SaveDraftResult.NotADraft, SimDeed.LaunchedEdited);
            }
        );

    private void SetDomain(DomainStatus status) =>
        world.Do(
            $"the domain of {North.Slug} is {status}",
            async portal =>
            {
                var changed = await portal.Db.WriteAsync(
                    North.Scope,
                    (db, token) =>
                        db
                            .SendingDomains.Where(domain => domain.Id == North.DomainId && domain.Status != status)
                            .ExecuteUpdateAsync(set => set.SetProperty(domain => domain.Status, status), token),
                    None
                );
                return world.Note(changed, changed > 0 && status != DomainStatus.Verified, SimDeed.DomainLost);
            }
        );

    /// <summary>The operator lets the installation send again.</summary>
    private void Release() =>
        world.Do(
            "release",
            async portal =>
            {
                var actor = North.As(TenantRole.Admin).Actor with { Kind = ActorKind.Operator };
                var release = portal.Get<ReleaseSending>();
                if (await release.ReadAsync(actor, None) is not { } held)
                {
                    return "nothing is held";
                }

                var won = await release.ExecuteAsync(actor, held.Reason, older: false, None);
                return world.Note($"{held.Reason}: {won}", won, SimDeed.Released);
            }
        );

    private async Task DraftAsync(SimPortal portal, TestTenant tenant, Guid id, string? tag)
    {
        var sender = await world.Owners.SenderAsync(portal, tenant);
        await portal.Db.WriteAsync(
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
                        SenderId = sender.SenderId,
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
    }
}
