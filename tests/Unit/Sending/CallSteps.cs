using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;

namespace UnitTests.Sending;

/// <summary>The steps of one call, each by itself: for tests that put something between them.</summary>
internal static class CallSteps
{
    public static Task<ClaimedChunk?> ClaimOrNullAsync(this EngineHarness engine) =>
        engine.Claim.ExecuteAsync(engine.Database.AccountId, "worker", CancellationToken.None);

    public static async Task<ClaimedChunk> ClaimAsync(this EngineHarness engine) =>
        Assert.IsType<ClaimedChunk>(await engine.ClaimOrNullAsync());

    public static Task<IntentResult> IntentAsync(
        this EngineHarness engine,
        ClaimedChunk claim,
        PreparedChunk? prepared
    ) =>
        engine.RecordIntent.ExecuteAsync(
            claim,
            prepared,
            engine.Database.AccountId,
            "http://provider.test",
            CancellationToken.None
        );

    /// <param name="repeat">With the bytes of the call before.</param>
    public static async Task<Intent> WriteIntentAsync(
        this EngineHarness engine,
        ClaimedChunk claim,
        bool repeat = false
    )
    {
        var prepared = repeat ? null : await engine.Prepare.ExecuteAsync(claim, recheck: false, CancellationToken.None);
        return Assert.IsType<IntentResult.Written>(await engine.IntentAsync(claim, prepared)).Intent;
    }

    public static async Task<(ClaimedChunk Claim, Intent Intent)> InFlightAsync(this EngineHarness engine)
    {
        var claim = await engine.ClaimAsync();
        return (claim, await engine.WriteIntentAsync(claim));
    }

    /// <summary>The provider took it.</summary>
    public static Task<bool> SettleAsync(this EngineHarness engine, (ClaimedChunk Claim, Intent Intent) call) =>
        engine.SettleAsync(
            call,
            new Outcome.Accepted([
                .. call.Intent.Recipients.Select(number => $"mail-{call.Claim.CampaignId:N}-{number}"),
            ])
        );

    /// <summary>The answer proved nothing.</summary>
    public static Task<bool> FailAsync(this EngineHarness engine, (ClaimedChunk Claim, Intent Intent) call) =>
        engine.SettleAsync(call, new Outcome.Ambiguous("It broke."));

    /// <summary>The provider took nothing of it, and nothing of anything else today.</summary>
    public static Task<bool> RefuseAsync(this EngineHarness engine, (ClaimedChunk Claim, Intent Intent) call) =>
        engine.SettleAsync(
            call,
            new Outcome.Refusal(RefusalKind.DailyQuota, "daily_quota_exceeded", "Enough for today.", null)
        );

    public static Task<bool> SettleAsync(
        this EngineHarness engine,
        (ClaimedChunk Claim, Intent Intent) call,
        Outcome outcome
    ) =>
        engine.Settle.ExecuteAsync(
            call.Claim,
            call.Intent,
            outcome,
            new ProviderAnswer.None("a fake"),
            engine.Database.AccountId,
            CancellationToken.None
        );
}
