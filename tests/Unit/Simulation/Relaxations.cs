using System.Text.Json;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Simulation;

/// <summary>A repeat goes out under a key of its own: the provider cannot know that it is one.</summary>
internal sealed class KeyPerAttempt : Relaxation
{
    public override void Shape(SimPlan plan) => plan.LostAnswer = 0.3;

    public override IMailProvider Provider(IMailProvider real, SimPortal portal) => new Rekeying(real);

    private sealed class Rekeying(IMailProvider real) : IMailProvider
    {
        private int _calls;

        public Task<ProviderAnswer> PostAsync(ProviderRequest request, CancellationToken cancellation) =>
            real.PostAsync(request with { Key = $"{request.Key}/{++_calls}" }, cancellation);
    }
}

/// <summary>A server error counts as "nothing was accepted": the next request has a new key.</summary>
internal sealed class ServerErrorIsARefusal : Relaxation
{
    public override void Shape(SimPlan plan) => plan.ProviderFault = 0.35;

    public override IMailProvider Provider(IMailProvider real, SimPortal portal) => new Believing(real);

    private sealed class Believing(IMailProvider real) : IMailProvider
    {
        public async Task<ProviderAnswer> PostAsync(ProviderRequest request, CancellationToken cancellation)
        {
            var answer = await real.PostAsync(request, cancellation);
            return answer is ProviderAnswer.Http { Status: >= 500 } error
                ? new ProviderAnswer.Http(
                    429,
                    """{"statusCode":429,"name":"rate_limit_exceeded","message":"Later."}""",
                    error.Headers
                )
                : answer;
        }
    }
}

/// <summary>Doubt is repeated for three days, though the provider forgets its keys after one.</summary>
internal sealed class NoWindow : Relaxation
{
    public override void Shape(SimPlan plan) =>
        (plan.LostAnswer, plan.Events, plan.Horizon) = (1, 0, TimeSpan.FromHours(50));

    public override SendingOptions Options(SendingOptions options)
    {
        options.KeyWindow = TimeSpan.FromHours(72);
        return options;
    }
}

/// <summary>What is unknown is sent again by the machine.</summary>
internal sealed class UnknownIsSentAgain : Relaxation
{
    public override void Shape(SimPlan plan) =>
        (plan.LostAnswer, plan.Events, plan.Horizon) = (1, 0, TimeSpan.FromHours(50));

    public override Task TickAsync(SimPortal portal) =>
        portal.Db.WriteAsync(
            TenantScope.Installation,
            async (db, token) =>
            {
                foreach (var chunk in await db.Chunks.Where(c => c.State == ChunkState.Unknown).ToListAsync(token))
                {
                    EndGeneration(chunk);
                    await db
                        .Recipients.Where(r => r.CampaignId == chunk.CampaignId && r.ChunkNumber == chunk.Number)
                        .Where(r => r.State == RecipientState.Unknown)
                        .ExecuteUpdateAsync(set => set.SetProperty(r => r.State, RecipientState.Pending), token);
                }
            },
            CancellationToken.None
        );
}

/// <summary>A new run plans its people into new chunks, and the old ones go on living beside them.</summary>
internal sealed class OldChunksLiveOn : Relaxation
{
    public override void Shape(SimPlan plan) => (plan.ProviderFault, plan.Acts) = (0.35, 12);

    public override Task ResumedAsync(SimPortal portal, Guid campaignId) =>
        portal.Db.WriteAsync(
            TenantScope.Installation,
            (db, token) =>
                db
                    .Chunks.Where(c => c.CampaignId == campaignId && c.State == ChunkState.Abandoned)
                    .ExecuteUpdateAsync(set => set.SetProperty(c => c.State, ChunkState.Planned), token),
            CancellationToken.None
        );
}
