using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Recipients;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Support;

namespace UnitTests.Sending;

/// <summary>The engine on a database of the test's own, driven by hand: no threads, no waiting, the clock moves when told.</summary>
public sealed class EngineHarness : IAsyncDisposable
{
    private EngineHarness(TestDatabase database)
    {
        Database = database;
        Provider = new FakeProvider(database.Time);
        Accounts = new ProviderAccounts(database.Db, database.Ids, Probe);
        var random = new Random(1);
        Pacer = new Pacer(Db, Accounts);
        Claim = new ClaimChunk(Db, Options, random, Pacer);
        Prepare = new PrepareChunk(Db, new UnsubscribeUrls(Db, "https://portal.test"));
        RecordIntent = new RecordIntent(Db, Options);
        Settle = new SettleAttempt(Db, Options, random, Notifier, new Logger<SettleAttempt>(new LoggerFactory([Log])));
        Dispatcher = NewDispatcher();
        Lanes = NewLanes();
        Expire = new ExpireDoubt(Db, Options, Notifier, new Logger<ExpireDoubt>(new LoggerFactory([Log])));
        Launch = new LaunchCampaign(Db, Signal, Notifier, NullLogger<LaunchCampaign>.Instance, Options);
        Schedule = new ScheduleCampaign(Db, Notifier);
        Unschedule = new UnscheduleCampaign(Db, Notifier);
        Due = new LaunchDue(Db, Launch, Notifier, Crash, NullLogger<LaunchDue>.Instance);
        Recover = new RecoverAtStart(Db, Launch, NullLogger<RecoverAtStart>.Instance);
        Resume = new ResumeCampaign(Db, Signal, Notifier, NullLogger<ResumeCampaign>.Instance, Options);
        ResumePreview = new ResumePreview(Db);
        FollowUp = new CreateFollowUp(Db, Notifier);
        Decide = new DecideUnknown(Db, Signal, Notifier, Options);
        Pause = new PauseCampaign(Db, Notifier);
        Continue = new ContinueCampaign(Db, Notifier, Signal);
        Cancel = new CancelCampaign(Db, Notifier);
        Events = new ApplyEvents(Db, database.Ids, Notifier, Domains, NullLogger<ApplyEvents>.Instance);
    }

    public TestDatabase Database { get; }
    public PortalDb Db => Database.Db;
    public ManualTime Time => Database.Time;
    public SendingOptions Options { get; } = new();
    public FakeProvider Provider { get; }

    /// <summary>What settling and the end of doubt log.</summary>
    internal HeardLog Log { get; } = new();
    public FakeProbe Probe { get; } = new();
    public DomainSignal Domains { get; } = new();
    public ProviderAccounts Accounts { get; }
    public SendingSignal Signal { get; } = new();
    public CampaignNotifier Notifier { get; } = new(TimeProvider.System);
    public ScriptedCrash Crash { get; } = new();
    public Pacer Pacer { get; }
    public ClaimChunk Claim { get; }
    public PrepareChunk Prepare { get; }
    public RecordIntent RecordIntent { get; }
    public SettleAttempt Settle { get; }
    public Dispatcher Dispatcher { get; }
    public OwnLanes Lanes { get; }
    public ExpireDoubt Expire { get; }
    public LaunchCampaign Launch { get; }
    public ScheduleCampaign Schedule { get; }
    public UnscheduleCampaign Unschedule { get; }
    public LaunchDue Due { get; }
    public RecoverAtStart Recover { get; }
    public ResumeCampaign Resume { get; }
    public ResumePreview ResumePreview { get; }
    public CreateFollowUp FollowUp { get; }
    public DecideUnknown Decide { get; }
    public PauseCampaign Pause { get; }
    public ContinueCampaign Continue { get; }
    public CancelCampaign Cancel { get; }
    public ApplyEvents Events { get; }
    public TestTenant Tenant { get; private set; } = null!;

    /// <param name="clock">The engine's clock, where it is not <paramref name="time"/> itself.</param>
    public static async Task<EngineHarness> CreateAsync(
        StorageFaults? faults = null,
        ManualTime? time = null,
        TimeProvider? clock = null
    )
    {
        var engine = new EngineHarness(await TestDatabase.CreateAsync(time, faults, clock));
        engine.Tenant = await engine.Database.AddTenantAsync("north");
        return engine;
    }

    /// <summary>A launched campaign to the tenant's contacts, or to those with the tag.</summary>
    public async Task<Guid> LaunchAsync(TestTenant? tenant = null, string? tag = null, string? html = null)
    {
        tenant ??= Tenant;
        var id = await DraftAsync(tenant, tag, html);
        var result = await Launch.ExecuteAsync(tenant.As(TenantRole.Admin), id, 0, CancellationToken.None);
        Assert.IsType<LaunchResult.Launched>(result);
        return id;
    }

    public async Task<Guid> DraftAsync(TestTenant? tenant = null, string? tag = null, string? html = null)
    {
        tenant ??= Tenant;
        var id = Database.Ids.New();
        await Db.WriteAsync(
            tenant.Scope,
            (db, _) =>
            {
                db.Campaigns.Add(
                    new Campaign
                    {
                        TenantId = tenant.Id,
                        Id = id,
                        Name = "Spring",
                        Status = CampaignStatus.Draft,
                        SenderId = tenant.SenderId,
                        Subject = "Hello {{first_name}}",
                        Html = html ?? "<p>Hello {{first_name}}</p>",
                        AudienceKind = tag is null ? AudienceKind.All : AudienceKind.Tag,
                        AudienceTag = tag,
                        CreatedBy = "test",
                        CreatedAt = Time.GetUtcNow(),
                        UpdatedAt = Time.GetUtcNow(),
                    }
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );
        return id;
    }

    /// <summary>One turn of one worker. The clock moves to the worker's turn if it waits for one.</summary>
    public async Task<DispatchResult> TurnAsync(Dispatcher? dispatcher = null)
    {
        var turn = (dispatcher ?? Dispatcher).RunOnceAsync("worker", CancellationToken.None, CancellationToken.None);
        while (!turn.IsCompleted)
        {
            // Waits for the pacer only: everything else completes by itself.
            await Task.WhenAny(turn, Task.Delay(1));
            if (!turn.IsCompleted && Time.NextDue() is { } due && due > Time.GetUtcNow())
            {
                Time.Advance(due - Time.GetUtcNow());
            }
        }

        return await turn;
    }

    /// <summary>The pacer, told of a limit so high that no call needs to wait: for tests in which the clock stands still.</summary>
    public async Task<Pacer> UnpacedAsync()
    {
        var account = await Accounts.CurrentAsync(CancellationToken.None);
        await Pacer.LearnAsync(
            account.Id,
            default,
            Time.GetUtcNow(),
            ProviderHeaders.Empty with
            {
                RateLimit = 1_000_000,
            },
            refused: false,
            CancellationToken.None
        );
        return Pacer;
    }

    /// <summary>So many attempts at the first chunk whose request is lost.</summary>
    public async Task FailBeforeAsync(int times)
    {
        for (var i = 0; i < times; i++)
        {
            Provider.Then(FakeProvider.Fault.LostRequest);
            Assert.Equal(DispatchResult.Sent, await TurnAsync());
            var due = await Claim.NextDueAsync(Database.AccountId, CancellationToken.None);
            Time.Advance(due!.Value - Time.GetUtcNow());
        }
    }

    /// <summary>Turns until nothing is due, moving the clock over pauses, at most for <paramref name="atMost"/>.</summary>
    public async Task RunAsync(TimeSpan? atMost = null)
    {
        var end = Time.GetUtcNow() + (atMost ?? TimeSpan.FromMinutes(5));
        while (Time.GetUtcNow() <= end)
        {
            if (await TurnAsync() != DispatchResult.Idle)
            {
                continue;
            }

            var due = await Claim.NextDueAsync(Database.AccountId, CancellationToken.None);
            if (due is null || due > end)
            {
                return;
            }

            // Due and yet not given out: another worker's lease, or a chunk that waits for its expiry.
            Time.Advance(due > Time.GetUtcNow() ? due.Value - Time.GetUtcNow() : TimeSpan.FromSeconds(30));
        }
    }

    /// <summary>What a start after a crash does; the dead process' lease is over.</summary>
    public async Task<Dispatcher> RestartAsync()
    {
        Crash.At = null;
        await Recover.ExecuteAsync(CancellationToken.None);
        return NewDispatcher();
    }

    public Dispatcher NewDispatcher(IMailProvider? provider = null) =>
        new(
            Db,
            Claim,
            Prepare,
            RecordIntent,
            Settle,
            provider ?? Provider,
            Accounts,
            Pacer,
            Options,
            Crash,
            Notifier,
            NullLogger<Dispatcher>.Instance
        );

    /// <summary>With the options as they are now.</summary>
    public OwnLanes NewLanes(IMailProvider? provider = null) =>
        new(
            Db,
            Prepare,
            RecordIntent,
            Settle,
            provider ?? Provider,
            Options,
            new Random(1),
            Crash,
            Notifier,
            Signal,
            NullLogger<Dispatcher>.Instance
        );

    public async Task<Campaign> CampaignAsync(Guid id, TestTenant? tenant = null)
    {
        await using var db = Db.Read((tenant ?? Tenant).Scope);
        return await db.Campaigns.SingleAsync(c => c.Id == id);
    }

    public async Task<CampaignCounts> CountsAsync(Guid id, TestTenant? tenant = null)
    {
        var counts = await Db.ReadSnapshotAsync(
            (tenant ?? Tenant).Scope,
            (db, token) => CampaignCounts.ReadAsync(db, (tenant ?? Tenant).Id, id, token),
            CancellationToken.None
        );
        Assert.Equal(
            counts.Recipients,
            counts.Pending + counts.InDoubt + counts.Accepted + counts.Refused + counts.Excluded + counts.Unknown
        );
        return counts;
    }

    public async Task<IReadOnlyList<Chunk>> ChunksAsync(Guid id)
    {
        await using var db = Db.Read(Tenant.Scope);
        return await db.Chunks.Where(c => c.CampaignId == id).OrderBy(c => c.Number).ToListAsync();
    }

    public Task<ResumeResult> ResumeAsync(Guid id, int expectedRun = 1, bool includeJoined = false) =>
        Resume.ExecuteAsync(
            Tenant.As(TenantRole.Admin),
            id,
            new ResumeRequest(expectedRun, includeJoined),
            CancellationToken.None
        );

    public Task<bool> SuppressAsync(
        string email,
        TestTenant? tenant = null,
        SuppressionReason reason = SuppressionReason.Unsubscribed
    ) =>
        Db.WriteAsync(
            (tenant ?? Tenant).Scope,
            (db, token) =>
                Suppress.AddAsync(
                    db,
                    (tenant ?? Tenant).Id,
                    email,
                    reason,
                    null,
                    Time.GetUtcNow(),
                    Database.Ids,
                    token
                ),
            CancellationToken.None
        );

    /// <summary>The promise itself: nobody twice, and whoever the ledger calls accepted has a mail.</summary>
    public async Task AssertNobodyTwiceAndNobodyLostAsync(params Guid[] campaigns)
    {
        Assert.Empty(
            Provider.Mailed.GroupBy(m => (m.CampaignTag, m.To)).Where(group => group.Count() > 1).Select(g => g.Key)
        );
        foreach (var id in campaigns)
        {
            await using var db = Db.Read(TenantScope.Installation);
            var ledger = await db.Recipients.Where(r => r.CampaignId == id).ToListAsync();
            var mailed = Provider
                .Mailed.Where(m => m.CampaignTag == id.ToString("N"))
                .Select(m => m.Recipient)
                .ToHashSet();
            Assert.All(ledger.Where(r => r.State == RecipientState.Accepted), r => Assert.Contains(r.Number, mailed));
            Assert.All(
                ledger.Where(r =>
                    r.State is RecipientState.Pending or RecipientState.Refused or RecipientState.Excluded
                ),
                r => Assert.DoesNotContain(r.Number, mailed)
            );
        }
    }

    public ValueTask DisposeAsync() => Database.DisposeAsync();
}

public sealed class ScriptedCrash : CrashPoints
{
    public string? At { get; set; }

    /// <summary>Runs at each point, in the worker's own flow.</summary>
    public Func<string, Task>? On { get; set; }

    public override async ValueTask ReachAsync(string point, CancellationToken cancellation)
    {
        if (On is { } on)
        {
            await on(point);
        }

        if (point == At)
        {
            throw new SimulatedCrashException();
        }
    }
}

public sealed class FakeProbe : IAccountProbe
{
    public bool? Reads { get; set; }

    /// <summary>By key and what is asked for, where one answer for all is not enough.</summary>
    public Func<string, string, bool?>? Asked { get; set; }

    /// <summary>What happens while it is asked for that mail or domain.</summary>
    public Func<string, Task>? BeforeAnswer { get; set; }

    public Task<bool?> CanReadEmailAsync(
        string baseUrl,
        string apiKey,
        string emailId,
        CancellationToken cancellation
    ) => AnswerAsync(apiKey, emailId);

    public Task<bool?> CanReadDomainAsync(
        string baseUrl,
        string apiKey,
        string domainId,
        CancellationToken cancellation
    ) => AnswerAsync(apiKey, domainId);

    private async Task<bool?> AnswerAsync(string apiKey, string id)
    {
        if (BeforeAnswer is { } before)
        {
            await before(id);
        }

        return Asked is null ? Reads : Asked(apiKey, id);
    }
}
