using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>A campaign that leaves out the recipients of others: whoever may have got one of those, or may get it yet.</summary>
public sealed class LeftOutTests
{
    [Fact]
    public async Task Recipients_OfALeftOutCampaign_AreExcludedAndSaidSo_UnlessTheyWereRefusedOrExcludedThere()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 7);
        var states = Enum.GetValues<RecipientState>();
        var before = await engine.Database.AddCampaignAsync(engine.Tenant, CampaignStatus.Sending, states);
        var id = await DraftAsync(engine, before);

        var (preview, report) = await ForetoldAsync(engine, id);
        await engine.LaunchDraftAsync(id);

        var ledger = await LedgerAsync(engine, id);
        RecipientState[] free = [RecipientState.Refused, RecipientState.Excluded];
        Assert.All(
            states.Select((state, index) => (state, Row: ledger[index])),
            each =>
                Assert.Equal(
                    free.Contains(each.state)
                        ? (RecipientState.Pending, null)
                        : (RecipientState.Excluded, Reasons.InLeftOutCampaign),
                    (each.Row.State, each.Row.Reason)
                )
        );
        Assert.Equal(RecipientState.Pending, ledger[6].State);
        Assert.Equal(3, preview.WillSend);
        Assert.Equal(4, preview.Excluded.Single(row => row.Reason == Reasons.InLeftOutCampaign).Count);
        Assert.Equal((7, 4), (report.People, report.LeftOut));
    }

    [Fact]
    public async Task Recipient_WhoseAddressWasChangedSince_IsKnownByTheContact_AndOneAddedAgainByTheAddress()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        var before = await engine.LaunchAsync();
        await engine.RunAsync();
        await engine.ChangeAddressAsync("person1@example.net", "elsewhere@example.net");
        await engine.DeleteContactAsync("person2@example.net");
        await engine.Database.AddContactAsync(engine.Tenant, "person2@example.net");
        await engine.Database.AddContactAsync(engine.Tenant, "new@example.net");
        var id = await DraftAsync(engine, before);

        var (preview, report) = await ForetoldAsync(engine, id);
        await engine.LaunchDraftAsync(id);
        await engine.RunAsync();

        Assert.Equal(1, preview.WillSend);
        Assert.Equal((4, 3), (report.People, report.LeftOut));
        var mailed = engine.Provider.Mailed.Where(mail => mail.CampaignTag == id.ToString("N")).Select(mail => mail.To);
        Assert.Equal(["new@example.net"], mailed);
        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task Freeze_ThatLeavesOut_CutsFullChunks_AndSaysTheEarlierReasonOfTwo()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 120, "late");
        var first = await engine.LaunchAsync();
        foreach (var number in Enumerable.Range(121, 130))
        {
            await engine.Database.AddContactAsync(engine.Tenant, $"person{number}@example.net");
        }

        await engine.SuppressAsync("person5@example.net");
        await engine.SuppressAsync("person125@example.net", reason: SuppressionReason.Bounced);

        var id = await DraftAsync(engine, first);
        await engine.LaunchDraftAsync(id);

        var ledger = await LedgerAsync(engine, id);
        Assert.Equal(Enumerable.Range(1, 250), ledger.Select(row => row.Number));
        Assert.Equal(
            (119, 1, 1, 129),
            (
                ledger.Count(row => row.Reason == Reasons.InLeftOutCampaign),
                ledger.Count(row => row.Reason == Reasons.Unsubscribed),
                ledger.Count(row => row.Reason == Reasons.Suppressed),
                ledger.Count(row => row.State == RecipientState.Pending)
            )
        );
        await engine.RunAsync();
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Equal(
            [100, 29],
            (await db.Attempts.Where(a => a.CampaignId == id).OrderBy(a => a.ChunkNumber).ToListAsync()).Select(a =>
                a.Mails
            )
        );
    }

    [Fact]
    public async Task SeveralCampaigns_AreLeftOutTogether_AndAnotherTenantsIsNobodys()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var other = await engine.Database.AddTenantAsync("south");
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        await engine.Database.AddContactAsync(engine.Tenant, "tagged@example.net", "vip");
        var one = await engine.Database.AddCampaignAsync(engine.Tenant, CampaignStatus.Sent, RecipientState.Accepted);
        var two = await engine.LaunchAsync(tag: "vip");
        var foreign = await engine.Database.AddCampaignAsync(
            other,
            CampaignStatus.Sent,
            RecipientState.Accepted,
            RecipientState.Accepted
        );

        var id = await DraftAsync(engine, one, two, foreign);
        await engine.LaunchDraftAsync(id);

        Assert.Equal(
            ["person2@example.net", "person3@example.net"],
            (await LedgerAsync(engine, id)).Where(row => row.State == RecipientState.Pending).Select(row => row.Email)
        );
    }

    [Fact]
    public async Task Launch_WhileALeftOutCampaignsAudienceIsBeingTaken_IsRefused()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        var before = await engine.Database.AddCampaignAsync(engine.Tenant, CampaignStatus.Preparing);
        var id = await DraftAsync(engine, before);

        var result = await engine.Launch.ExecuteAsync(
            engine.Tenant.As(TenantRole.Admin),
            id,
            0,
            CancellationToken.None
        );

        Assert.Contains(
            "is being taken just now",
            Assert.Single(Assert.IsType<LaunchResult.NotLaunchable>(result).Problems),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task WhoeverJoinedSince_AndIsARecipientOfALeftOutCampaign_IsNotTakenByAResume()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2, "first");
        var later = await engine.DraftAsync();
        var id = await DraftAsync(engine, later);
        engine.Provider.Then(Fault.DailyQuota);
        await engine.LaunchDraftAsync(id);
        await engine.RunAsync();
        await engine.Database.AddContactAsync(engine.Tenant, "mailed@example.net", "joined");
        await engine.Database.AddContactAsync(engine.Tenant, "free@example.net");
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db
                    .Campaigns.Where(c => c.Id == later)
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(c => c.AudienceKind, AudienceKind.Tag)
                                .SetProperty(c => c.AudienceTag, "joined"),
                        token
                    ),
            CancellationToken.None
        );
        await engine.LaunchDraftAsync(later);
        await engine.RunAsync();

        var preview = await engine.ResumePreview.ExecuteAsync(engine.Tenant.Scope, id, CancellationToken.None);
        await engine.ResumeAsync(id, includeJoined: true);
        await engine.RunAsync();

        Assert.Equal(1, preview!.JoinedSince);
        Assert.Equal(
            ["person1@example.net", "person2@example.net", "free@example.net"],
            (await LedgerAsync(engine, id)).Select(row => row.Email)
        );
        Assert.Equal(3, (await engine.CountsAsync(id)).Accepted);
    }

    [Fact]
    public async Task FollowUp_LeavesOutWhomItsSourceLeftOut_AlsoAmongThoseWhoJoinedSince()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2, "vip");
        var before = await engine.LaunchAsync(tag: "vip");
        await engine.RunAsync();
        await engine.Database.AddContactAsync(engine.Tenant, "third@example.net");
        var source = await DraftAsync(engine, before);
        engine.Provider.Then(Fault.DailyQuota);
        await engine.LaunchDraftAsync(source);
        await engine.RunAsync();
        var id = await engine.FollowUpAsync(source);
        engine.Provider.Then(Fault.DailyQuota);
        await engine.LaunchDraftAsync(id);
        await engine.RunAsync();
        await engine.Database.AddContactAsync(engine.Tenant, "joined@example.net");

        var preview = await engine.ResumePreview.ExecuteAsync(engine.Tenant.Scope, id, CancellationToken.None);
        await engine.ResumeAsync(id, includeJoined: true);
        await engine.RunAsync();

        Assert.Equal(1, preview!.JoinedSince);
        Assert.Equal(
            ["third@example.net", "joined@example.net"],
            (await LedgerAsync(engine, id)).Select(row => row.Email)
        );
        Assert.Equal(4, engine.Provider.Mailed.Count);
    }

    [Fact]
    public async Task Launch_OfMoreThanThePersonAgreedTo_ChangesNothing()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        var id = await DraftAsync(engine);
        var (told, _) = await ForetoldAsync(engine, id);
        await engine.Database.AddContactAsync(engine.Tenant, "imported@example.net");

        var refused = await LaunchAsync(told.WillSend);
        Assert.Equal(3, Assert.IsType<LaunchResult.Grown>(refused).WillSend);
        Assert.Equal(CampaignStatus.Draft, (await engine.CampaignAsync(id)).Status);

        // Fewer are nobody's surprise.
        await engine.SuppressAsync("imported@example.net");
        Assert.Equal(2, Assert.IsType<LaunchResult.Launched>(await LaunchAsync(told.WillSend)).WillSend);

        async Task<LaunchResult> LaunchAsync(int atMost) =>
            await engine.Launch.ExecuteAsync(
                engine.Tenant.As(TenantRole.Admin),
                id,
                (await engine.CampaignAsync(id)).Version,
                CancellationToken.None,
                atMost
            );
    }

    [Fact]
    public async Task Resume_WithMoreWhoJoinedThanThePersonAgreedTo_ChangesNothing()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var id = await engine.StoppedAfterAsync(chunks: 0, people: 2);
        await engine.Database.AddContactAsync(engine.Tenant, "joined1@example.net");
        await engine.Database.AddContactAsync(engine.Tenant, "joined2@example.net");

        var refused = await ResumeAsync(joinedAtMost: 1);
        Assert.Equal(2, Assert.IsType<ResumeResult.MoreJoined>(refused).Joined);
        Assert.Equal(CampaignStatus.Partial, (await engine.CampaignAsync(id)).Status);

        Assert.Equal(4, Assert.IsType<ResumeResult.Resumed>(await ResumeAsync(joinedAtMost: 2)).WillSend);

        Task<ResumeResult> ResumeAsync(int joinedAtMost) =>
            engine.Resume.ExecuteAsync(
                engine.Tenant.As(TenantRole.Admin),
                id,
                new ResumeRequest(1, IncludeJoined: true, JoinedAtMost: joinedAtMost),
                CancellationToken.None
            );
    }

    [Fact]
    public async Task LaunchPreview_OfACampaignThatIsGone_OrLaunched_SaysSo()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 1);
        var draft = await engine.DraftAsync();
        var launched = await engine.LaunchAsync();
        var preview = new LaunchPreview(engine.Db, engine.Pacer);

        Assert.Equal(1, Assert.IsType<LaunchForecast.Foretold>(await ForetellAsync(draft)).Preview.WillSend);
        Assert.IsType<LaunchForecast.AlreadyLaunched>(await ForetellAsync(launched));
        await new DeleteDraft(engine.Db).ExecuteAsync(
            engine.Tenant.As(TenantRole.Editor),
            draft,
            CancellationToken.None
        );
        Assert.IsType<LaunchForecast.NotFound>(await ForetellAsync(draft));
        Assert.Null(await preview.ExecuteAsync(engine.Tenant.Scope, draft, CancellationToken.None));

        Task<LaunchForecast> ForetellAsync(Guid id) =>
            preview.ForetellAsync(engine.Tenant.Scope, id, CancellationToken.None);
    }

    private static async Task<Guid> DraftAsync(EngineHarness engine, params Guid[] leftOut)
    {
        var id = await engine.DraftAsync();
        await engine.LeaveOutAsync(id, leftOut);
        return id;
    }

    /// <summary>What the launch's dialog and the list before the launch say.</summary>
    private static async Task<(LaunchPreviewResult, PreflightReport)> ForetoldAsync(EngineHarness engine, Guid id) =>
        (
            (
                await new LaunchPreview(engine.Db, engine.Pacer).ExecuteAsync(
                    engine.Tenant.Scope,
                    id,
                    CancellationToken.None
                )
            )!,
            await new Preflight(engine.Db).ExecuteAsync(
                engine.Tenant.Scope,
                DraftContent.Of(await engine.CampaignAsync(id)),
                CancellationToken.None
            )
        );

    private static async Task<IReadOnlyList<Recipient>> LedgerAsync(EngineHarness engine, Guid id)
    {
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        return await db.Recipients.Where(r => r.CampaignId == id).OrderBy(r => r.Number).ToListAsync();
    }
}
