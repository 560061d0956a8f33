namespace Ledgerpost.Sending;

/// <summary>The section <c>Sending</c>.</summary>
public sealed class SendingOptions
{
    /// <summary>Calls to the provider at one time, 1 to 64.</summary>
    public int MaxConcurrency { get; set; } = 8;

    /// <summary>
    /// Calls at one time over all tenants' own accounts, 2 to 256, and so many chunks in hand; of them at most
    /// <see cref="MaxConcurrency"/> for one account.
    /// </summary>
    public int OwnAccountsConcurrency { get; set; } = 32;

    /// <summary>For each call one more, so that no place at the provider is empty while a worker renders or writes an answer down.</summary>
    public int Workers => 2 * MaxConcurrency;

    /// <summary>Mails in one call to the provider, 1 to 100; fewer where they would not fit into one request.</summary>
    public int BatchSize { get; set; } = Chunk.MaxRecipients;

    /// <summary>How long calls may fail before a campaign becomes Partial; 1 s to 1 day.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a worker may hold a chunk, in seconds, 100 to 3,600: longer than one call may take.</summary>
    public int LeaseSeconds { get; set; } = 120;

    /// <summary>How long the provider remembers an idempotency key.</summary>
    public TimeSpan KeyWindow { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long before the window's end the last repeat may start; less than the window.</summary>
    public TimeSpan KeyWindowMargin { get; set; } = TimeSpan.FromHours(4);
}
