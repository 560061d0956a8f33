using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Ledgerpost.Webhooks;
using UnitTests.OutgoingEvents;
using UnitTests.Support;
using UnitTests.Webhooks;

namespace UnitTests.Sending;

/// <summary>
/// The clock was an hour ahead at the start, less than is said, and is set right. Windows and leases keep to the hour; what
/// somebody else's clock is held against, and a person's nine o'clock, do not.
/// </summary>
public sealed class ClockCorrectedTests : IAsyncLifetime
{
    private readonly ManualTime _machine = new();
    private HookRig _rig = null!;

    private EngineHarness Engine => _rig.Engine;

    public async Task InitializeAsync()
    {
        _rig = await HookRig.CreateAsync(_machine, new EffectiveTime(_machine, new SendingOptions().KeyWindowMargin));
        _machine.JumpWall(-TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.FromHours(1), Engine.Db.Time.GetUtcNow() - _machine.GetUtcNow());
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task EventOfTheProvider_SignedNow_IsTaken() =>
        Assert.Equal(
            WebhookReceipt.Stored,
            await EventTests.StoreAsync(Engine, """{"type":"email.delivered","data":{}}""", "msg_1")
        );

    [Fact]
    public async Task EventForAProgram_BearsTheTimeThatItIs()
    {
        using var server = new HookServer();
        var endpoint = await _rig.SubscribeAsync(server, HookRig.AllEvents);
        await _rig.Test.ExecuteAsync(_rig.Admin, endpoint.Endpoint.Id, CancellationToken.None);
        await _rig.DeliverAsync();

        var told = Assert.Single(server.Hooks);
        Assert.InRange(_machine.GetUtcNow() - told.SentAt, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task ScheduledCampaign_LeavesAtItsHour()
    {
        await Engine.Database.AddContactsAsync(Engine.Tenant, 1);
        var id = await Engine.DraftAsync();
        Assert.IsType<ScheduleResult.Scheduled>(
            await Engine.Schedule.ExecuteAsync(
                Engine.Tenant.As(TenantRole.Admin),
                id,
                0,
                _machine.GetUtcNow() + TimeSpan.FromHours(2),
                CancellationToken.None
            )
        );

        _machine.Advance(TimeSpan.FromMinutes(119));
        var early = await Engine.Due.RunOnceAsync(CancellationToken.None);
        _machine.Advance(TimeSpan.FromMinutes(1));
        var due = await Engine.Due.RunOnceAsync(CancellationToken.None);

        Assert.Equal((0, 1), (early, due));
        Assert.Equal(CampaignStatus.Sending, (await Engine.CampaignAsync(id)).Status);
    }
}
