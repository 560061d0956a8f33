using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Programs;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;
using UnitTests.OutgoingEvents;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>
/// A clock that was far ahead for a while silences nobody afterwards; and while nobody knows whether it is, at a start after
/// a long stop, nothing is let go or missed for its sake.
/// </summary>
public sealed class ClockAheadTests : IAsyncLifetime
{
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);

    private readonly ManualTime _machine = new();
    private EffectiveTime _clock = null!;
    private HookRig _rig = null!;

    private EngineHarness Engine => _rig.Engine;

    public async Task InitializeAsync()
    {
        _clock = new EffectiveTime(_machine, new SendingOptions().KeyWindowMargin);
        _rig = await HookRig.CreateAsync(_machine, _clock);
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Theory]
    [InlineData(200)]
    [InlineData(500)]
    public async Task Endpoint_ThatWasServedMeanwhile_IsServedOnceTheClockIsTakenBack(int status)
    {
        using var server = new HookServer { Status = status };
        var endpoint = (await _rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        _machine.JumpWall(Year);
        await _rig.Test.ExecuteAsync(_rig.Admin, endpoint.Id, CancellationToken.None);
        Assert.Equal(1, await _rig.DeliverAsync());

        _machine.JumpWall(-Year);
        server.Status = 200;
        await _rig.Test.ExecuteAsync(_rig.Admin, endpoint.Id, CancellationToken.None);

        Assert.Equal(1, await _rig.DeliverAsync());
    }

    [Fact]
    public async Task WhatIsOldByAnUnsureClock_IsKept_UntilTheProviderHasToldItsTime()
    {
        using var server = new HookServer();
        var endpoint = (await _rig.SubscribeAsync(server, ["campaign.sent"])).Endpoint;
        await _rig.Test.ExecuteAsync(_rig.Admin, endpoint.Id, CancellationToken.None);
        await AddOldRowsAsync();
        StartAgain(TimeSpan.FromDays(31));

        await ForgetAsync();
        Assert.Equal((1, 1, 1, 1), await LeftAsync());

        _clock.Observe(_machine.GetUtcNow());
        await ForgetAsync();
        Assert.Equal((0, 0, 0, 0), await LeftAsync());
    }

    [Fact]
    public async Task ScheduledCampaign_AtAStartWithAClockThatIsAhead_IsNotMissed_AndLeavesAtItsHour()
    {
        var id = await InTwoHoursAsync();
        StartAgain(TimeSpan.FromDays(3));

        await Engine.Due.RunOnceAsync(CancellationToken.None);
        var waiting = await Engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Scheduled, null), (waiting.Status, waiting.StopReason));

        _machine.JumpWall(-TimeSpan.FromDays(3));
        _clock.Observe(_machine.GetUtcNow());
        _machine.Advance(TimeSpan.FromHours(2));
        Assert.Equal(1, await Engine.Due.RunOnceAsync(CancellationToken.None));
        Assert.Equal(CampaignStatus.Sending, (await Engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task ScheduledCampaign_WhileTheClockIsBehindTheProviders_LeavesAtItsHour()
    {
        var id = await InTwoHoursAsync();
        _machine.Advance(TimeSpan.FromHours(2));
        _clock.Observe(_machine.GetUtcNow() + TimeSpan.FromHours(5));

        Assert.Equal(1, await Engine.Due.RunOnceAsync(CancellationToken.None));
        Assert.Equal(CampaignStatus.Sending, (await Engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task ScheduledCampaign_WhileTheClockIsBehindWhatWasSeen_LeavesAtItsHour_AsItIsCounted()
    {
        var id = await InTwoHoursAsync();
        _machine.JumpWall(-TimeSpan.FromHours(5));
        _machine.Advance(TimeSpan.FromMinutes(119));
        var early = await Engine.Due.RunOnceAsync(CancellationToken.None);
        _machine.Advance(TimeSpan.FromMinutes(1));

        var due = await Engine.Due.RunOnceAsync(CancellationToken.None);

        Assert.Equal((ClockFault.SetBack, 0, 1), (_clock.Disagreement!.Fault, early, due));
        Assert.Equal(CampaignStatus.Sending, (await Engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task ScheduledCampaign_WhileTheClockIsAheadOfTheProviders_WaitsUntilTheyAgree()
    {
        var id = await InTwoHoursAsync();
        _machine.Advance(TimeSpan.FromHours(2));
        _clock.Observe(_machine.GetUtcNow() - TimeSpan.FromHours(5));

        Assert.Equal(0, await Engine.Due.RunOnceAsync(CancellationToken.None));
        var waiting = await Engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Scheduled, null), (waiting.Status, waiting.StopReason));

        _clock.Observe(_machine.GetUtcNow());
        Assert.Equal(1, await Engine.Due.RunOnceAsync(CancellationToken.None));
        Assert.Equal(CampaignStatus.Sending, (await Engine.CampaignAsync(id)).Status);
    }

    private async Task<Guid> InTwoHoursAsync()
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
        return id;
    }

    /// <summary>A start that finds the wall clock so much later than the last mark.</summary>
    private void StartAgain(TimeSpan later)
    {
        var mark = _machine.GetUtcNow();
        _machine.JumpWall(later);
        _clock.Resume(mark);
    }

    private Task AddOldRowsAsync() =>
        Engine.Db.WriteAsync(
            TenantScope.Installation,
            (db, _) =>
            {
                var now = _machine.GetUtcNow();
                db.IdempotencyRecords.Add(
                    new IdempotencyRecord
                    {
                        TenantId = Engine.Tenant.Id,
                        Path = "/api/v1/contacts",
                        Key = "made",
                        BodyHash = "hash",
                        Status = 201,
                        CreatedAt = now,
                        ExpiresAt = now + TimeSpan.FromDays(3),
                    }
                );
                db.WebhookMessages.Add(
                    new WebhookMessage
                    {
                        TenantId = Engine.Tenant.Id,
                        AccountId = Engine.Database.AccountId,
                        MessageId = "msg_1",
                        Body = "{}",
                        ReceivedAt = now,
                        State = WebhookState.Ignored,
                        NotBefore = now,
                        AppliedAt = now,
                    }
                );
                db.AccountMails.Add(
                    new AccountMail
                    {
                        Id = Engine.Database.Ids.New(),
                        Kind = AccountMailKind.AuditAnchor,
                        State = AccountMailState.Accepted,
                        CreatedAt = now,
                        ExpiresAt = now,
                        NotBefore = now,
                    }
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );

    private async Task ForgetAsync()
    {
        await _rig.Forget.RunOnceAsync(CancellationToken.None);
        await new ForgetRequests(Engine.Db).RunOnceAsync(CancellationToken.None);
        await new ForgetEvents(Engine.Db).RunOnceAsync(CancellationToken.None);
        await new ForgetAccountMails(Engine.Db).RunOnceAsync(CancellationToken.None);
    }

    private async Task<(int Deliveries, int Requests, int Events, int Mails)> LeftAsync()
    {
        await using var db = Engine.Db.Read(TenantScope.Installation);
        return (
            await db.EventDeliveries.CountAsync(),
            await db.IdempotencyRecords.CountAsync(),
            await db.WebhookMessages.CountAsync(),
            await db.AccountMails.CountAsync()
        );
    }
}
