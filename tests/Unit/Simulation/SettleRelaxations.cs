using System.Text.Json;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Simulation;

/// <summary>Something at the settle: what the worker's own call was, and what came back.</summary>
internal abstract class AtTheSettle : Relaxation
{
    private readonly AsyncLocal<Call?> _call = new();

    protected sealed class Call
    {
        public required Attempt Attempt { get; init; }
        public ProviderAnswer? Answer { get; set; }
    }

    public override IMailProvider Provider(IMailProvider real, SimPortal portal) => new Noting(this, real, portal);

    public override async ValueTask ReachAsync(string point, SimPortal portal)
    {
        if (point == CrashPoints.BeforeSettle && _call.Value is { } call)
        {
            await portal.Db.WriteAsync(
                TenantScope.Installation,
                async (db, token) =>
                {
                    var chunk = await db.Chunks.SingleAsync(
                        c => c.CampaignId == call.Attempt.CampaignId && c.Number == call.Attempt.ChunkNumber,
                        token
                    );
                    await BeforeSettleAsync(db, call, chunk);
                },
                CancellationToken.None
            );
        }
    }

    protected abstract Task BeforeSettleAsync(PortalDbContext db, Call call, Chunk chunk);

    private sealed class Noting(AtTheSettle owner, IMailProvider real, SimPortal portal) : IMailProvider
    {
        // Not asynchronous itself: what it notes must be there for its caller.
        public Task<ProviderAnswer> PostAsync(ProviderRequest request, CancellationToken cancellation)
        {
            var call = new Call { Attempt = Last(request.Key) };
            owner._call.Value = call;
            return AskAsync(call, request, cancellation);
        }

        private Attempt Last(string key)
        {
            using var db = portal.Db.Read(TenantScope.Installation);
            return db.Attempts.Where(a => a.Key == key).OrderByDescending(a => a.Number).First();
        }

        private async Task<ProviderAnswer> AskAsync(
            Call call,
            ProviderRequest request,
            CancellationToken cancellation
        ) => call.Answer = await real.PostAsync(request, cancellation);
    }
}

/// <summary>A refusal of a repeat counts as "nothing was accepted", though the attempt before it may have been.</summary>
internal sealed class RefusalOfARepeatIsBelieved : AtTheSettle
{
    public override void Shape(SimPlan plan) => (plan.LostAnswer, plan.ProviderFault, plan.Events) = (0.3, 0.35, 0);

    protected override async Task BeforeSettleAsync(PortalDbContext db, Call call, Chunk chunk)
    {
        if (
            call is { Attempt.CleanHistory: false, Answer: ProviderAnswer.Http { Status: 429 } refusal }
            && ProviderError.TryParse(refusal.Body, refusal.Status) is not null
            && chunk.Epoch == call.Attempt.Epoch
            && chunk.State == ChunkState.Leased
        )
        {
            EndGeneration(chunk);
            chunk.Epoch++;
            await Ledger.MoveAsync(
                Ledger.Members(db, chunk.TenantId, chunk.CampaignId, chunk.Number),
                RecipientState.InDoubt,
                RecipientState.Pending,
                DateTimeOffset.UnixEpoch,
                CancellationToken.None
            );
        }
    }
}

/// <summary>Who lost the lease settles all the same.</summary>
internal sealed class SettleNotFenced : AtTheSettle
{
    public override void Shape(SimPlan plan) =>
        (plan.Zombie, plan.ProviderFault, plan.Workers, plan.Events) = (0.5, 0.35, 3, 0);

    protected override Task BeforeSettleAsync(PortalDbContext db, Call call, Chunk chunk)
    {
        if (chunk.Epoch != call.Attempt.Epoch && chunk.Generation == call.Attempt.Generation)
        {
            // What the fence asks for is made to hold.
            (chunk.State, chunk.Epoch) = (ChunkState.Leased, call.Attempt.Epoch);
        }

        return Task.CompletedTask;
    }
}

/// <summary>
/// The same only while another holds the lease, where each instance has one worker: that other is another process, or
/// there is none.
/// </summary>
internal sealed class SettleNotFencedAmongInstances(int instances) : AtTheSettle
{
    public override void Shape(SimPlan plan) =>
        (plan.Zombie, plan.ProviderFault, plan.SlowWire, plan.Workers, plan.Events, plan.Instances) = (
            0.5,
            0.35,
            0.5,
            1,
            0,
            instances
        );

    protected override Task BeforeSettleAsync(PortalDbContext db, Call call, Chunk chunk)
    {
        if (
            chunk.State == ChunkState.Leased
            && chunk.Epoch != call.Attempt.Epoch
            && chunk.Generation == call.Attempt.Generation
        )
        {
            chunk.Epoch = call.Attempt.Epoch;
        }

        return Task.CompletedTask;
    }
}

/// <summary>Who unsubscribed after the mail was prepared is invisible to its intent.</summary>
internal sealed class IntentDoesNotLookAtTheAudience : Relaxation
{
    private const string See =
        """UPDATE OR IGNORE "SuppressedAddresses" SET "NormalizedEmail" = substr("NormalizedEmail", 2) WHERE "NormalizedEmail" LIKE '~%'""";

    // One worker, so that nobody else prepares what the other's intent must not see.
    public override void Shape(SimPlan plan) =>
        (plan.Workers, plan.Leavers, plan.Stall, plan.StorageFault) = (1, 12, 0, 0);

    public override async ValueTask ReachAsync(string point, SimPortal portal)
    {
        if (point == CrashPoints.BeforeIntent)
        {
            // Seen again with the attempt's row, in the same transaction.
            await RunAsync(
                portal,
                $"""
                CREATE TRIGGER IF NOT EXISTS "SeenAgain" AFTER INSERT ON "Attempts" BEGIN {See}; END;
                UPDATE OR IGNORE "SuppressedAddresses" SET "NormalizedEmail" = '~' || "NormalizedEmail";
                """
            );
        }
        else
        {
            await RunAsync(portal, See);
        }
    }

    // An intent that was fenced has left them hidden.
    public override async Task TickAsync(SimPortal portal)
    {
        try
        {
            await RunAsync(portal, See);
        }
        catch (CommitInDoubtException)
        {
            // The process died at this commit; the next one's tick does it again.
        }
    }

    private static Task RunAsync(SimPortal portal, string sql) =>
        portal.Db.WriteAsync(
            TenantScope.Installation,
            (db, token) => db.Database.ExecuteSqlRawAsync(sql, token),
            CancellationToken.None
        );
}
