using System.Buffers;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Sending;

namespace UnitTests.Model;

/// <summary>
/// The models ask <see cref="Protocol.MayGoOut"/>, the engine asks one UPDATE: here both are asked about every combination of
/// facts, on a real database, and the statement touches the row exactly when the rule says so.
/// </summary>
public sealed partial class IntentStatementTests : IAsyncLifetime
{
    private const int MyEpoch = 5;
    private const int MyGeneration = 3;
    private const string BaseUrl = "http://provider.test";

    private static readonly bool[] Both = [true, false];
    private static readonly CampaignStatus[] Statuses =
    [
        CampaignStatus.Sending,
        CampaignStatus.Partial,
        CampaignStatus.Paused,
        CampaignStatus.Cancelled,
        CampaignStatus.Sent,
        CampaignStatus.Preparing,
    ];

    private readonly List<(IntentFacts Facts, ClaimedChunk Claim)> _cases = [];
    private EngineHarness _engine = null!;
    private Guid _otherAccount;

    [Fact]
    public async Task IntentStatement_TouchesTheRow_ExactlyWhenTheRuleSaysSo()
    {
        await SeedAsync();
        Assert.InRange(_cases.Count, 900, 5000);

        await AllAsync(facts => facts with { AccountIsCurrent = false }, () => MakeCurrentAsync(_otherAccount));
        await MakeCurrentAsync(_engine.Database.AccountId);
        await AllAsync(
            facts => facts with { InstallationIsHeld = true },
            () => HoldAsync(HoldReason.RolledBack),
            onlyWhatMayGoOut: true
        );
        await HoldAsync(null);
        var written = await AllAsync(facts => facts, () => Task.CompletedTask);

        // Six statuses, and of all else the one way for a first and the ways for a repeat: the rest must not have moved.
        await using var db = _engine.Db.Read(_engine.Tenant.Scope);
        Assert.Equal(written, await db.Attempts.CountAsync(attempt => attempt.Epoch == MyEpoch));
        Assert.Equal(written, await db.Chunks.CountAsync(chunk => chunk.Attempts == 2));
        Assert.InRange(written, 4, 20);
    }

    public async Task InitializeAsync() => _engine = await EngineHarness.CreateAsync();

    public async Task DisposeAsync() => await _engine.DisposeAsync();

    private async Task<int> AllAsync(
        Func<IntentFacts, IntentFacts> given,
        Func<Task> before,
        bool onlyWhatMayGoOut = false
    )
    {
        await before();
        var written = 0;
        foreach (var (facts, claim) in _cases)
        {
            if (onlyWhatMayGoOut && !Protocol.MayGoOut(facts))
            {
                continue;
            }

            var prepared = facts.InDoubt ? null : new PreparedChunk(Empty(), []);
            var result = await _engine.RecordIntent.ExecuteAsync(
                claim,
                prepared,
                _engine.Database.AccountId,
                BaseUrl,
                CancellationToken.None
            );

            var went = result is IntentResult.Written;
            Assert.True(went == Protocol.MayGoOut(given(facts)), $"{result} for {given(facts)}");
            written += went ? 1 : 0;
        }

        return written;
    }

    private Task MakeCurrentAsync(Guid account) =>
        _engine.Db.WriteAsync(
            TenantScope.Installation,
            async (db, token) =>
            {
                await db.ProviderAccounts.ExecuteUpdateAsync(set => set.SetProperty(a => a.IsCurrent, false), token);
                await db
                    .ProviderAccounts.Where(a => a.Id == account)
                    .ExecuteUpdateAsync(set => set.SetProperty(a => a.IsCurrent, true), token);
            },
            CancellationToken.None
        );

    private Task HoldAsync(HoldReason? reason) =>
        _engine.Db.WriteAsync(
            TenantScope.Installation,
            (db, token) => db.Installation.ExecuteUpdateAsync(set => set.SetProperty(row => row.Hold, reason), token),
            CancellationToken.None
        );

    private static ArrayBufferWriter<byte> Empty()
    {
        var body = new ArrayBufferWriter<byte>();
        body.Write("[]"u8);
        return body;
    }
}
