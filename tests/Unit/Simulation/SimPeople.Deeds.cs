using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Simulation;

/// <summary>Each deed as a page does it: look, then press; in between somebody else may do something.</summary>
internal sealed partial class SimPeople
{
    private static bool IsFollowUpDraft(Campaign campaign) =>
        campaign is { Status: CampaignStatus.Draft, ContinuesId: not null };

    private void LaunchFollowUp(Campaign draft) =>
        world.Do(
            $"launch the follow-up {draft.Id:N}",
            async portal =>
                $"{await portal.Get<LaunchCampaign>().ExecuteAsync(TenantOf(draft.TenantId).As(TenantRole.Admin), draft.Id, draft.Version, None)}"
        );

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
                $"{await portal.Get<DecideUnknown>().ExecuteAsync(tenant.As(TenantRole.Admin), id, chunk, decision, None)}"
        );
    }

    private void Continue(TestTenant tenant, Guid id) =>
        world.Do(
            $"continue {id:N}",
            async portal =>
                $"{await portal.Get<ContinueCampaign>().ExecuteAsync(tenant.As(TenantRole.Admin), id, None)}"
        );

    private void Resume(TestTenant tenant, Guid id, bool joined) =>
        world.Do(
            $"resume {id:N}{(joined ? " with who joined" : "")}",
            async portal =>
            {
                var shown = await portal.Get<ResumePreview>().ExecuteAsync(tenant.Scope, id, None);
                // Between the page and the press somebody else may do something.
                await Task.Yield();
                var result = await portal
                    .Get<ResumeCampaign>()
                    .ExecuteAsync(tenant.As(TenantRole.Admin), id, new ResumeRequest(shown!.CurrentRun, joined), None);
                await world.Relaxation.ResumedAsync(portal, id);
                return $"{result}";
            }
        );

    private void Unsubscribe(TestTenant tenant)
    {
        var email = AnAddress(tenant);
        world.Do(
            $"unsubscribe {email}",
            async portal =>
            {
                var result = await new AddSuppression(portal.Db).ExecuteAsync(
                    tenant.As(TenantRole.Admin),
                    email,
                    SuppressionReason.Unsubscribed,
                    null
                );
                world.Unsubscribed.TryAdd((tenant.Id, email), world.Scheduler.Now);
                return result.ToString();
            }
        );
    }

    private void DeleteAndAdd(TestTenant tenant, bool addAgain)
    {
        var email = AnAddress(tenant);
        world.Do(
            $"delete {email}{(addAgain ? " and add again" : "")}",
            async portal =>
            {
                Guid? contact;
                await using (var db = portal.Db.Read(tenant.Scope))
                {
                    contact = await db
                        .Contacts.Where(c => c.NormalizedEmail == email)
                        .Select(c => (Guid?)c.Id)
                        .SingleOrDefaultAsync();
                }

                var result = contact is { } id
                    ? (
                        await new DeleteContacts(portal.Db).ExecuteAsync(
                            tenant.As(TenantRole.Editor),
                            new SelectedContacts(id),
                            1
                        )
                    ).ToString()
                    : "gone already";
                await Task.Yield();
                return addAgain
                    ? $"{result}; {await new AddContact(portal.Db).ExecuteAsync(tenant.As(TenantRole.Editor), new ContactInput(email, "Again", null, "first, second"))}"
                    : result;
            }
        );
    }
}
