using Ledgerpost.Campaigns;
using Ledgerpost.Tenancy;

namespace UnitTests.OutgoingEvents;

/// <summary>Events of a campaign that is not there any more when its endpoint takes them.</summary>
public sealed class GoneCampaignTests
{
    [Fact]
    public async Task Campaign_DeletedWhileItsEventsWait_IsToldOfByItsId()
    {
        await using var rig = await HookRig.CreateAsync();
        var (engine, editor) = (rig.Engine, rig.Engine.Tenant.As(TenantRole.Admin));
        using var server = new HookServer();
        await rig.SubscribeAsync(server, ["campaign.scheduled"]);
        var id = await engine.DraftAsync();
        await engine.Schedule.ExecuteAsync(
            editor,
            id,
            (await engine.CampaignAsync(id)).Version,
            engine.Time.GetUtcNow().AddHours(3),
            CancellationToken.None
        );
        await engine.Unschedule.ExecuteAsync(editor, id, CancellationToken.None);
        Assert.Equal(
            DeleteDraftResult.Deleted,
            await new DeleteDraft(engine.Db).ExecuteAsync(editor, id, CancellationToken.None)
        );

        await rig.DeliverAsync();

        var told = Assert.Single(server.Hooks);
        Assert.Equal(("campaign.scheduled", id), (told.Type, told.Data.GetProperty("id").GetGuid()));
    }
}
