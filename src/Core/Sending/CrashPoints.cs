namespace Ledgerpost.Sending;

/// <summary>
/// The named places where a process may die between two durable steps. Inert in production; a test overrides it to stop
/// the engine exactly there.
/// </summary>
public class CrashPoints
{
    public const string BeforeIntent = "before-intent";
    public const string AfterIntent = "after-intent";
    public const string BeforePost = "before-post";
    public const string BeforeSettle = "before-settle";
    public const string AfterSettle = "after-settle";

    /// <summary>A scheduled campaign is launched, and its audience not taken yet.</summary>
    public const string BeforeFreeze = "before-freeze";

    /// <summary>Of a program's command: committed, and not yet answered.</summary>
    public const string BeforeAnswer = "before-answer";

    /// <summary>Of a tenant that is being deleted: before the next of its rows go.</summary>
    public const string BeforeRemoval = "before-removal";

    /// <summary>Of events at a tenant's endpoint: answered, and that not yet written down.</summary>
    public const string BeforeDelivered = "before-delivered";

    public virtual ValueTask ReachAsync(string point, CancellationToken cancellation) => ValueTask.CompletedTask;

    /// <summary>Of a call's pipeline, where it matters whose it is.</summary>
    /// <param name="chunk">The chunk's number in its campaign.</param>
    public virtual ValueTask ReachAsync(string point, int chunk, CancellationToken cancellation) =>
        ReachAsync(point, cancellation);
}
