using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;

namespace UnitTests.Sending;

/// <summary>
/// The intent's own look at its people is one statement, written apart from the rules that the launch and the preview use:
/// whatever excludes a person there is found here.
/// </summary>
public sealed class IntentRecheckTests
{
    public static TheoryData<SuppressionReason?> Ways =>
        [null, .. Enum.GetValues<SuppressionReason>().Select(reason => (SuppressionReason?)reason)];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Intent_FindsWhoeverTheRulesExclude(SuppressionReason? suppressed)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        var id = await engine.LaunchAsync();
        var claim = (await engine.Claim.ExecuteAsync(engine.Database.AccountId, "worker", CancellationToken.None))!;
        var prepared = await engine.Prepare.ExecuteAsync(claim, recheck: false, CancellationToken.None);
        Assert.Equal(3, prepared!.Recipients.Count);
        await (
            suppressed is { } reason
                ? engine.SuppressAsync("person2@example.net", reason: reason)
                : engine.DeleteContactAsync("person2@example.net")
        );

        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var byTheRules = await Exclusions.CountAsync(
            db,
            db.Recipients.Where(recipient => recipient.CampaignId == id),
            others: null,
            CancellationToken.None
        );
        var intent = await engine.RecordIntent.ExecuteAsync(
            claim,
            prepared,
            engine.Database.AccountId,
            "http://provider.test",
            CancellationToken.None
        );

        Assert.Equal(1, byTheRules.Sum(rule => rule.Count));
        Assert.IsType<IntentResult.AudienceChanged>(intent);
        Assert.Equal(3, (await engine.CountsAsync(id)).Pending);

        var again = await engine.Prepare.ExecuteAsync(claim, recheck: true, CancellationToken.None);
        Assert.Equal(2, again!.Recipients.Count);
        Assert.Equal((2, 1), ((await engine.CountsAsync(id)).Pending, (await engine.CountsAsync(id)).Excluded));
    }

    [Fact]
    public async Task Intent_WhenAnotherTenantSuppressesTheAddress_GoesOut()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var other = await engine.Database.AddTenantAsync("south");
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        var id = await engine.LaunchAsync();
        await engine.SuppressAsync("person2@example.net", other, SuppressionReason.Complained);

        await engine.RunAsync();

        Assert.Equal(3, (await engine.CountsAsync(id)).Accepted);
    }
}
