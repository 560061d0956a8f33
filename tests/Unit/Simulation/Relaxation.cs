using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;

namespace UnitTests.Simulation;

/// <summary>A rule of the protocol taken out on purpose, from outside; this one takes out nothing.</summary>
internal class Relaxation
{
    public static Relaxation None { get; } = new();

    /// <summary>Makes the world one in which the missing rule is soon missed; never touches what the engine does.</summary>
    public virtual void Shape(SimPlan plan) { }

    public virtual SendingOptions Options(SendingOptions options) => options;

    public virtual IMailProvider Provider(IMailProvider real, SimPortal portal) => real;

    public virtual ValueTask ReachAsync(string point, SimPortal portal) => ValueTask.CompletedTask;

    /// <summary>After somebody resumed a campaign.</summary>
    public virtual Task ResumedAsync(SimPortal portal, Guid campaignId) => Task.CompletedTask;

    /// <summary>Now and then, between everything else.</summary>
    public virtual Task TickAsync(SimPortal portal) => Task.CompletedTask;

    /// <summary>As after a definite refusal: the next request has another key.</summary>
    protected static void EndGeneration(Chunk chunk)
    {
        chunk.State = ChunkState.Planned;
        chunk.Generation++;
        (chunk.LeaseOwner, chunk.LeaseEnds, chunk.DoubtfulSince, chunk.NotBefore) = (null, null, null, null);
        (chunk.Key, chunk.AccountId, chunk.BaseUrl, chunk.FirstAttemptAt) = (null, null, null, null);
        (chunk.Payload, chunk.PayloadHash, chunk.Failures) = (null, null, 0);
    }
}
