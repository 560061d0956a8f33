using System.Net;
using System.Text.Json;
using AdminPortal.Hosting;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using Microsoft.EntityFrameworkCore;
using ResendEmulator.Faults;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>The real host with its real configuration, real HTTP and the emulator; the demo tenant's campaigns are its load.</summary>
public sealed class RealEngineTests
{
    [Fact]
    public async Task AttemptLine_WithTheRecipients_IsInTheLog_ForEachPostThatTheProviderSaw_AndBeforeIt()
    {
        var folder = RealHost.NewFolder();
        List<ResendEmulator.Control.WireCall> calls;
        await using (
            var host = await RealHost.StartAsync(folder, configure: null, keepFolder: true, "--Demo:Seed=true")
        )
        {
            calls = await host.Get<EmbeddedEmulator>().Server!.Control.CallsAsync();
        }

        var lines = RealHost
            .LogLines(folder)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line =>
                line.GetProperty("MessageTemplate").GetString()!.Contains("under key {Key}", StringComparison.Ordinal)
            )
            .ToDictionary(line => line.GetProperty("Properties").GetProperty("Key").GetString()!);
        var posts = calls.Where(call => call.Path == "/emails/batch").ToList();
        Assert.NotEmpty(posts);
        foreach (var post in posts)
        {
            var line = lines[post.IdempotencyKey!];
            var recipients = line.GetProperty("Properties").GetProperty("Recipients").GetString()!;
            Assert.Equal(post.Count, NumberRanges.Expand(recipients).Count);
            Assert.True(line.GetProperty("Timestamp").GetDateTimeOffset() <= post.At);
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>
    /// An idempotency key protects only where a retry can really recur: this is that place, and the only one. The client does
    /// not retry, and the worker that lost its answer does not either. SendingLoops → Dispatcher.RunOnceAsync →
    /// ClaimChunk → PrepareChunk → RecordIntent (key and bytes stored) → ResendClient.PostAsync: accepted, answer cut →
    /// AnswerClassifier (Ambiguous) → SettleAttempt → Settlement (the chunk stays in doubt) → some later turn:
    /// ClaimChunk (doubt first) → RecordIntent's repeat (no new key, no new bytes) → ResendClient.PostAsync.
    /// </summary>
    [Fact]
    public async Task SameKeyTwice_InTheProvidersWireLog_IsTheRepeatOfALostAnswer_AndOneMailEach()
    {
        await using var host = await RealHost.StartAsync("--Demo:Seed=true");
        var (scope, partial) = await PartialAsync(host);
        var provider = host.Get<EmbeddedEmulator>().Server!.Control;
        // An event about the lost mails would prove them before the repeat is due, and there would be none.
        provider.HoldWebhooks();
        var before = await provider.CallsAsync();
        await provider.AddFaultAsync(
            new FaultRule
            {
                Kind = FaultKind.Cut,
                Point = FaultPoint.After,
                On = FaultTarget.Batch,
                Times = 1,
            }
        );

        await host.Get<ResumeCampaign>()
            .ExecuteAsync(Caller.System(scope.TenantId), partial, new ResumeRequest(1, false), CancellationToken.None);
        await UntilAsync(host, scope, partial, campaign => campaign.Status == CampaignStatus.Sent);

        var posts = (await provider.CallsAsync(before.Max(call => call.Number))).Where(c => c.Path == "/emails/batch");
        var twice = Assert.Single(posts.GroupBy(post => post.IdempotencyKey), key => key.Count() > 1).ToList();
        Assert.Equal(2, twice.Count);
        Assert.Equal(twice[0].BodyHash, twice[1].BodyHash);
        Assert.Equal((false, true), (twice[0].Replayed, twice[1].Replayed));
        Assert.Equal(0, (await provider.StateAsync()).Duplicates);
        await using var db = host.Get<PortalDb>().Read(scope);
        var attempts = await db
            .Attempts.Where(attempt => attempt.Key == twice[0].IdempotencyKey)
            .OrderBy(attempt => attempt.Number)
            .ToListAsync();
        Assert.Equal([AttemptOutcome.Ambiguous, AttemptOutcome.Accepted], attempts.Select(a => a.Outcome!.Value));
        Assert.Equal([true, false], attempts.Select(attempt => attempt.CleanHistory));
    }

    [Fact]
    public async Task Demo_HasAFinishedAndAPartialCampaign_AndResumeSendsTheRest()
    {
        await using var host = await RealHost.StartAsync("--Demo:Seed=true");
        var (scope, partial) = await PartialAsync(host);

        int waiting;
        await using (var db = host.Get<PortalDb>().Read(scope))
        {
            waiting = await db.Recipients.CountAsync(r => r.CampaignId == partial && r.State == RecipientState.Pending);
        }

        // Chunks go out side by side: how many were through when one was refused differs, that a whole one waits does not.
        Assert.InRange(waiting, 100, 312);
        var resumed = await host.Get<ResumeCampaign>()
            .ExecuteAsync(
                Caller.System(scope.TenantId),
                partial,
                new ResumeRequest(1, IncludeJoined: false),
                CancellationToken.None
            );
        await UntilAsync(host, scope, partial, campaign => campaign.Status == CampaignStatus.Sent);

        Assert.Equal(new ResumeResult.Resumed(2, waiting), resumed);
        var state = await host.Get<EmbeddedEmulator>().Server!.Control.StateAsync();
        Assert.Equal((31 + 312, 0), (state.Mails, state.Duplicates));
    }

    [Fact]
    public async Task Webhooks_OfTheEmulator_ComeInSigned_AndAreApplied()
    {
        await using var host = await RealHost.StartAsync("--Demo:Seed=true");
        var (scope, partial) = await PartialAsync(host);

        await UntilAsync(
            host,
            scope,
            partial,
            // Whoever was accepted is reported as delivered, and nobody else.
            async db =>
                await db.Recipients.AnyAsync(r => r.CampaignId == partial && r.Delivery == Delivery.Delivered)
                && !await db.Recipients.AnyAsync(r =>
                    r.CampaignId == partial
                    && (r.State == RecipientState.Accepted) != (r.Delivery == Delivery.Delivered)
                )
        );
    }

    [Fact]
    public async Task Shutdown_LetsTheCallInFlightFinish_AndItIsNoFailedAttempt()
    {
        var folder = RealHost.NewFolder();
        Guid partial;
        TenantScope scope;
        await using (
            var host = await RealHost.StartAsync(folder, configure: null, keepFolder: true, "--Demo:Seed=true")
        )
        {
            (scope, partial) = await PartialAsync(host);
            await host.Get<EmbeddedEmulator>()
                .Server!.Control.AddFaultAsync(
                    new FaultRule
                    {
                        Kind = FaultKind.Slow,
                        Point = FaultPoint.After,
                        On = FaultTarget.Batch,
                        DelayMilliseconds = 1500,
                    }
                );
            await host.Get<ResumeCampaign>()
                .ExecuteAsync(
                    Caller.System(scope.TenantId),
                    partial,
                    new ResumeRequest(1, false),
                    CancellationToken.None
                );
            await UntilAsync(
                host,
                scope,
                partial,
                // Its call, and not its people: an event may prove them before the answer comes.
                db => db.Attempts.AnyAsync(a => a.CampaignId == partial && a.RunNumber == 2 && a.CompletedAt == null)
            );
        }

        await using var again = new TestReader(folder);
        await using var after = again.Db.Read(scope);
        Assert.Equal(CampaignStatus.Sent, (await after.Campaigns.SingleAsync(c => c.Id == partial)).Status);
        Assert.DoesNotContain(
            await after.Attempts.Where(a => a.CampaignId == partial).ToListAsync(),
            attempt => attempt.Outcome is null or AttemptOutcome.Ambiguous
        );
    }

    [Fact]
    public async Task UnsubscribeLink_OfARealMail_ShowsAPage_ChangesNothingByGet_AndUnsubscribesByOneClick()
    {
        await using var host = await RealHost.StartAsync("--Demo:Seed=true");
        var (scope, partial) = await PartialAsync(host);
        await using var db = host.Get<PortalDb>().Read(scope);
        var person = await db.Recipients.FirstAsync(r => r.CampaignId == partial);
        var secret = (await db.Installation.SingleAsync()).UnsubscribeSecret;
        var token = new UnsubscribeTokens(secret).Seal(person.TenantId, person.NormalizedEmail);
        using var browser = host.Browser();

        var page = await browser.GetAsync($"/u/{token}");
        var text = await page.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.DoesNotContain(person.NormalizedEmail, text, StringComparison.OrdinalIgnoreCase);
        Assert.False(page.Headers.Contains("Set-Cookie"));
        Assert.Equal(0, await db.SuppressedAddresses.CountAsync());

        using var oneClick = new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click")]);
        Assert.Equal(HttpStatusCode.OK, (await browser.PostAsync($"/u/{token}", oneClick)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.PostAsync($"/u/{token}", null)).StatusCode);

        var row = await db.SuppressedAddresses.SingleAsync();
        Assert.Equal((person.NormalizedEmail, SuppressionReason.Unsubscribed), (row.NormalizedEmail, row.Reason));
        Assert.Equal(1, await db.AuditEntries.CountAsync(entry => entry.Action == "contact.unsubscribed"));
        Assert.Equal(HttpStatusCode.NotFound, (await browser.PostAsync($"/u/{token[..^1]}x", null)).StatusCode);
        Assert.NotEqual(Guid.Empty, partial);
    }

    [Fact]
    public async Task Webhook_WithoutASignature_IsRefused_AndNothingIsStored()
    {
        await using var host = await RealHost.StartAsync();
        using var browser = host.Browser();
        using var body = new StringContent("""{"type":"email.sent","data":{"email_id":"x"}}""");

        var answer = await browser.PostAsync("/webhooks/resend", body);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        await using var db = host.Get<PortalDb>().Read(TenantScope.Installation);
        Assert.Equal(0, await db.WebhookMessages.CountAsync());
    }

    internal static async Task<(TenantScope Scope, Guid Campaign)> PartialAsync(RealHost host)
    {
        await using var db = host.Get<PortalDb>().Read(TenantScope.Installation);
        var campaign = await db.Campaigns.SingleAsync(c => c.Status == CampaignStatus.Partial);
        Assert.Equal(StopReason.DailyQuota, campaign.StopReason);
        Assert.Equal(1, await db.Campaigns.CountAsync(c => c.Status == CampaignStatus.Sent));
        var scope = TenantScope.For(campaign.TenantId);
        // A call beside the one that stopped the campaign may still wait for its turn.
        await UntilAsync(
            host,
            scope,
            campaign.Id,
            async now => !await now.Chunks.AnyAsync(c => c.CampaignId == campaign.Id && c.State == ChunkState.Leased)
        );
        return (scope, campaign.Id);
    }

    internal static Task UntilAsync(RealHost host, TenantScope scope, Guid id, Func<Campaign, bool> holds) =>
        UntilAsync(host, scope, id, async db => holds(await db.Campaigns.SingleAsync(c => c.Id == id)));

    /// <summary>Looks again at each change that the engine announces; a test that waits for ever is ended by its limit.</summary>
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

    /// <summary>The database of a host that has stopped.</summary>
    private sealed class TestReader(string folder) : IAsyncDisposable
    {
        public PortalDb Db { get; } = RealHost.Open(folder);

        public async ValueTask DisposeAsync()
        {
            await Db.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }
    }
}
