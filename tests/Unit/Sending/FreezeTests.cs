using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Segments;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Sending;

/// <summary>
/// A first launch decides in one statement what otherwise the rules, the planner and the preview decide, each written for
/// itself: here they are held against each other.
/// </summary>
public sealed class FreezeTests
{
    private const int People = 250;

    /// <summary>At the edges of the ledger and of its chunks, and more than one in a row.</summary>
    private static readonly int[] Suppressed = [1, 2, 99, 100, 101, 177, 178, 179, 250];

    public static TheoryData<SuppressionReason?> Ways => IntentRecheckTests.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Freeze_ExcludesWhoeverTheRulesExclude_AndSaysTheSameReason(SuppressionReason? suppressed)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var other = await engine.Database.AddTenantAsync("south");
        await engine.Database.AddContactsAsync(engine.Tenant, 3);
        await engine.SuppressAsync("person1@example.net", other);
        if (suppressed is { } reason)
        {
            await engine.SuppressAsync("person2@example.net", reason: reason);
        }

        var id = await engine.DraftAsync();
        var preview = await new LaunchPreview(engine.Db, engine.Pacer).ExecuteAsync(
            engine.Tenant.Scope,
            id,
            CancellationToken.None
        );
        Assert.NotNull(preview);
        var launched = await LaunchAsync(engine, id);

        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var ledger = db.Recipients.Where(recipient => recipient.CampaignId == id);
        var byTheRules = await Exclusions.CountAsync(db, ledger, others: null, CancellationToken.None);
        var frozen = (await ledger.Where(r => r.State == RecipientState.Excluded).ToListAsync())
            .GroupBy(recipient => recipient.Reason!)
            .Select(group => new ReasonCount(group.Key, group.Count()));
        Assert.Equal(byTheRules.Where(rule => rule.Count > 0), frozen);
        Assert.Equal(preview.Excluded.Where(rule => rule.Count > 0), frozen);
        Assert.Equal(suppressed is null ? 0 : 1, frozen.Sum(rule => rule.Count));
        Assert.Equal((3, preview.WillSend), launched);
        Assert.Equal(preview.WillSend, await ledger.CountAsync(r => r.State == RecipientState.Pending));
    }

    [Theory]
    [InlineData(AudienceKind.All, 100, 0)]
    [InlineData(AudienceKind.All, 7, 0)]
    [InlineData(AudienceKind.All, 100, 1_000_000)]
    [InlineData(AudienceKind.Tag, 100, 0)]
    [InlineData(AudienceKind.Segment, 1, 3)]
    public async Task Freeze_InOneStatement_IsWhatTakingExcludingAndPlanningMake(AudienceKind kind, int most, int last)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, People, "reader", "paying");
        await engine.Database.AddContactAsync(engine.Tenant, "untagged@example.net");
        foreach (var number in Suppressed)
        {
            await engine.SuppressAsync(
                $"person{number}@example.net",
                reason: number % 2 == 0 ? SuppressionReason.Unsubscribed : SuppressionReason.Bounced
            );
        }

        var atOnce = await DraftAsync(engine, kind, last);
        var inSteps = await DraftAsync(engine, kind, last);
        var frozen = await PrepareAsync(
            engine,
            atOnce,
            (db, campaign, now, token) => FreezeAudience.FreezeAsync(db, campaign, now, most, token)
        );
        var taken = await PrepareAsync(
            engine,
            inSteps,
            async (db, campaign, now, token) =>
                (
                    await FreezeAudience.TakeAsync(db, campaign, now, token),
                    await ChunkPlanner.PlanAsync(db, campaign, token, most)
                )
        );

        Assert.Equal(taken, frozen);
        Assert.Equal(kind == AudienceKind.All ? People + 1 : People, frozen.Recipients);
        Assert.Equal(frozen.Recipients - Suppressed.Length, frozen.Planned);
        Assert.Equal(await LedgerAsync(engine, inSteps), await LedgerAsync(engine, atOnce));
        var chunks = (await engine.ChunksAsync(atOnce)).Select(Shape).ToList();
        Assert.Equal((await engine.ChunksAsync(inSteps)).Select(Shape), chunks);
        Assert.Equal(Enumerable.Range(last + 1, (frozen.Planned + most - 1) / most), chunks.Select(c => c.Number));
        Assert.Equal(chunks[^1].Number, (await engine.CampaignAsync(atOnce)).LastChunk);
    }

    [Fact]
    public async Task Launch_WithPeopleExcluded_StillFillsItsCalls()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, People);
        foreach (var number in Suppressed)
        {
            await engine.SuppressAsync($"person{number}@example.net");
        }

        var id = await engine.LaunchAsync();
        await engine.RunAsync();

        Assert.Equal([100, 100, 41], engine.Provider.Calls.Select(call => call.Mails));
        var counts = await engine.CountsAsync(id);
        Assert.Equal((241, 9), (counts.Accepted, counts.Excluded));
        await engine.AssertNobodyTwiceAndNobodyLostAsync(id);
    }

    [Fact]
    public async Task Launch_WithEverybodyExcluded_IsOverWithoutACall()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        await engine.SuppressAsync("person1@example.net");
        await engine.SuppressAsync("person2@example.net");

        var id = await engine.LaunchAsync();

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        Assert.Empty(await engine.ChunksAsync(id));
        Assert.Equal(2, (await engine.CountsAsync(id)).Excluded);
    }

    private static async Task<(int Recipients, int WillSend)> LaunchAsync(EngineHarness engine, Guid id)
    {
        var result = await engine.Launch.ExecuteAsync(
            engine.Tenant.As(TenantRole.Admin),
            id,
            0,
            CancellationToken.None
        );
        var launched = Assert.IsType<LaunchResult.Launched>(result);
        return (launched.Recipients, launched.WillSend);
    }

    /// <param name="last">Chunk numbers that are taken already, as after a restore.</param>
    private static async Task<Guid> DraftAsync(EngineHarness engine, AudienceKind kind, int last)
    {
        var id = await engine.DraftAsync(tag: kind == AudienceKind.Tag ? "reader" : null);
        var (tenant, segment) = (engine.Tenant, engine.Database.Ids.New());
        await engine.Db.WriteAsync(
            tenant.Scope,
            async (db, token) =>
            {
                var campaign = await db.Campaigns.SingleAsync(c => c.Id == id, token);
                (campaign.LastChunk, campaign.AudienceKind) = (last, kind);
                if (kind == AudienceKind.Segment)
                {
                    campaign.AudienceSegmentId = segment;
                    db.Segments.Add(
                        new Segment
                        {
                            TenantId = tenant.Id,
                            Id = segment,
                            Name = segment.ToString(),
                            Match = SegmentMatch.All,
                            CreatedAt = engine.Time.GetUtcNow(),
                            Tags =
                            [
                                .. new[] { "reader", "paying" }.Select(tag => new SegmentTag
                                {
                                    TenantId = tenant.Id,
                                    SegmentId = segment,
                                    Tag = tag,
                                }),
                            ],
                        }
                    );
                }
            },
            CancellationToken.None
        );
        return id;
    }

    /// <summary>As the launch does: run 1, then the ledger and its chunks.</summary>
    private static Task<(int Recipients, int Planned)> PrepareAsync(
        EngineHarness engine,
        Guid id,
        Func<
            Ledgerpost.Data.PortalDbContext,
            Campaign,
            DateTimeOffset,
            CancellationToken,
            Task<(int Recipients, int Planned)>
        > work
    ) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            async (db, token) =>
            {
                var now = engine.Time.GetUtcNow();
                var campaign = await db.Campaigns.SingleAsync(c => c.Id == id, token);
                campaign.CurrentRun = 1;
                db.Runs.Add(
                    new Run
                    {
                        TenantId = campaign.TenantId,
                        CampaignId = id,
                        Number = 1,
                        Kind = RunKind.Launch,
                        AccountId = engine.Database.AccountId,
                        StartedBy = "test",
                        StartedAt = now,
                    }
                );
                await db.SaveChangesAsync(token);
                return await work(db, campaign, now, token);
            },
            CancellationToken.None
        );

    private static async Task<IReadOnlyList<string>> LedgerAsync(EngineHarness engine, Guid id)
    {
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var rows = await db.Recipients.Where(r => r.CampaignId == id).OrderBy(r => r.Number).ToListAsync();
        return
        [
            .. rows.Select(r =>
                $"{r.Number} {r.ContactId} {r.Email} {r.NormalizedEmail} {r.FirstName} {r.LastName} {r.State} {r.Reason} "
                + $"{r.ChunkNumber} {r.UpdatedAt:O}"
            ),
        ];
    }

    private static (int Number, int Run, int First, int Last, ChunkState State) Shape(Chunk chunk) =>
        (chunk.Number, chunk.RunNumber, chunk.FirstRecipient, chunk.LastRecipient, chunk.State);
}
