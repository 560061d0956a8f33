using Ledgerpost.Data;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Architecture;

/// <summary>An engine whose clock and storage can be made to fail, and the steps of one chunk taken by hand.</summary>
internal sealed class SafetyRig : IAsyncDisposable
{
    private const string BaseUrl = "http://provider.test";

    private SafetyRig(EngineHarness engine, ManualTime machine, CommitFaults faults)
    {
        Engine = engine;
        Machine = machine;
        Faults = faults;
    }

    public EngineHarness Engine { get; }
    public ManualTime Machine { get; }
    public CommitFaults Faults { get; }

    public static async Task<SafetyRig> CreateAsync()
    {
        var machine = new ManualTime();
        var faults = new CommitFaults();
        var clock = new EffectiveTime(machine, new SendingOptions().KeyWindowMargin);
        return new SafetyRig(await EngineHarness.CreateAsync(faults, machine, clock), machine, faults);
    }

    public async Task<Guid> LaunchAsync(int people = 2)
    {
        await Engine.Database.AddContactsAsync(Engine.Tenant, people);
        return await Engine.LaunchAsync();
    }

    public async Task<ClaimedChunk> ClaimAsync()
    {
        var claim = await Engine.Claim.ExecuteAsync(Engine.Database.AccountId, "worker", CancellationToken.None);
        Assert.NotNull(claim);
        return claim;
    }

    public async Task<PreparedChunk> PrepareAsync(ClaimedChunk claim)
    {
        var prepared = await Engine.Prepare.ExecuteAsync(claim, recheck: false, CancellationToken.None);
        Assert.NotNull(prepared);
        return prepared;
    }

    public Task<IntentResult> IntentAsync(ClaimedChunk claim, PreparedChunk? prepared, Guid? accountId = null) =>
        Engine.RecordIntent.ExecuteAsync(
            claim,
            prepared,
            accountId ?? Engine.Database.AccountId,
            BaseUrl,
            CancellationToken.None
        );

    /// <summary>Launched, claimed and rendered; the intent is still to come.</summary>
    public async Task<(Guid Campaign, ClaimedChunk Claim, PreparedChunk Prepared)> PreparedAsync(int people = 2)
    {
        var id = await LaunchAsync(people);
        var claim = await ClaimAsync();
        return (id, claim, await PrepareAsync(claim));
    }

    /// <summary>In doubt, and claimed for its repeat.</summary>
    public async Task<(Guid Campaign, ClaimedChunk Claim)> DoubtfulAsync()
    {
        var id = await InDoubtAsync();
        Machine.Advance(TimeSpan.FromMinutes(1));
        return (id, await ClaimAsync());
    }

    /// <summary>Accepted by the provider, and its answer was lost.</summary>
    public async Task<Guid> InDoubtAsync(int people = 2)
    {
        Engine.Provider.Then(FakeProvider.Fault.LostAnswer);
        var id = await LaunchAsync(people);
        await Engine.TurnAsync();
        return id;
    }

    /// <summary>One attempt whose answer is this.</summary>
    public async Task<Func<Task>> AnswerAsync(Outcome outcome, ProviderAnswer? answer = null)
    {
        var (_, claim, prepared) = await PreparedAsync();
        var written = Assert.IsType<IntentResult.Written>(await IntentAsync(claim, prepared));
        return () => SettleAsync(claim, written.Intent, outcome, answer);
    }

    public Task<bool> SettleAsync(ClaimedChunk claim, Intent intent, Outcome outcome, ProviderAnswer? answer = null) =>
        Engine.Settle.ExecuteAsync(
            claim,
            intent,
            outcome,
            answer ?? new ProviderAnswer.None(""),
            Engine.Database.AccountId,
            CancellationToken.None
        );

    /// <summary>A change by hand, past every rule.</summary>
    public Task ChangeAsync(Func<PortalDbContext, CancellationToken, Task> change) =>
        Engine.Db.WriteAsync(TenantScope.Installation, change, CancellationToken.None);

    public ValueTask DisposeAsync() => Engine.DisposeAsync();
}

/// <summary>The storage does not confirm the next commit.</summary>
internal sealed class CommitFaults : StorageFaults
{
    public bool FailNext { get; set; }

    public override void BeforeCommit()
    {
        if (FailNext)
        {
            FailNext = false;
            throw new IOException("The storage failed before the commit.");
        }
    }
}
