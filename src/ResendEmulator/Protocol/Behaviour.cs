namespace ResendEmulator.Protocol;

/// <summary>What a failed request does to its Idempotency-Key; undocumented, hence a switch.</summary>
public enum KeyAfterFailure
{
    /// <summary>The key stays free: a later request with it is a first request.</summary>
    Release,

    /// <summary>A refusal (4xx except 401, 409 and 429) is kept and repeated.</summary>
    Cache4xx,

    /// <summary>Refusals and server errors are kept and repeated.</summary>
    Cache4xxAnd5xx,
}

/// <summary>In which order events that are due together leave.</summary>
public enum WebhookOrder
{
    AsHappened,
    Reversed,
    Shuffled,
}

/// <summary>Every switch that can be turned while the emulator runs. The defaults are the provider's documented ways, or the likelier guess.</summary>
public sealed record Behaviour
{
    /// <summary>Requests in one fixed second, all keys together; 0 = no limit.</summary>
    public int RateLimitPerSecond { get; init; } = 10;

    /// <summary>Recipients a UTC day; 0 = no limit. The daily header is sent only while there is one.</summary>
    public int DailyQuota { get; init; }

    /// <summary>Recipients a UTC month; 0 = no limit.</summary>
    public int MonthlyQuota { get; init; }

    /// <summary>Whether quota refusals carry Retry-After (until midnight or the month's end).</summary>
    public bool RetryAfterOnQuota { get; init; }

    public KeyAfterFailure KeyAfterFailure { get; init; } = KeyAfterFailure.Release;

    public TimeSpan KeyWindow { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Whether x-batch-validation is part of "the same payload".</summary>
    public bool KeyCoversValidationMode { get; init; }

    /// <summary>Adds <c>Idempotent-Replayed: true</c> to a repeated answer; no such header is known.</summary>
    public bool ReplayHeader { get; init; }

    /// <summary>Refuses recipients at example.com and test.com, as the provider does.</summary>
    public bool RefuseExampleRecipients { get; init; } = true;

    /// <summary>Bytes of one batch; 0 = no limit of its own.</summary>
    public int MaxBatchBytes { get; init; }

    public int MaxBatchCount { get; init; } = 100;

    public int TooManyStatus { get; init; } = 422;

    public string TooManyMessage { get; init; } = "The batch must contain at most 100 emails.";

    /// <summary>The answer to a permissive batch without one good mail; 200 keeps the ordinary shape.</summary>
    public int PermissiveAllInvalidStatus { get; init; } = 200;

    /// <summary>Whether permissive also turns an unverified sender into an error of that mail alone.</summary>
    public bool PermissiveCoversDomains { get; init; }

    /// <summary>bounced@, complained@, suppressed@, failed@ and delayed@ (with +label) work at every domain, not only at resend.dev.</summary>
    public bool TestRecipientsEverywhere { get; init; } = true;

    /// <summary>From acceptance to email.sent.</summary>
    public TimeSpan SentAfter { get; init; } = TimeSpan.Zero;

    /// <summary>From email.sent to the outcome, and from there to each later event.</summary>
    public TimeSpan OutcomeAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Share of delivered mails that are opened, 0 to 1, chosen by seed and mail id.</summary>
    public double OpenShare { get; init; }

    /// <summary>Share of opened mails with a link whose first link is clicked, 0 to 1.</summary>
    public double ClickShare { get; init; }

    /// <summary>Further copies of each webhook, with the same svix-id.</summary>
    public int WebhookCopies { get; init; }

    public WebhookOrder WebhookOrder { get; init; }

    /// <summary>Added to the first attempt of events that happen from now on.</summary>
    public TimeSpan WebhookDelay { get; init; }

    /// <summary>Nothing leaves until it is false again; events queue up meanwhile.</summary>
    public bool WebhooksHeld { get; init; }

    /// <summary>How long a domain's verification takes on the emulator's clock.</summary>
    public TimeSpan DomainVerificationTakes { get; init; }

    /// <summary>Domains with these endings never verify.</summary>
    public IReadOnlyList<string> DomainsThatFail { get; init; } = [".unverified.test"];

    /// <summary>The tags, first match wins, that name a mail's campaign in the emulator's own lists.</summary>
    public IReadOnlyList<string> CampaignTags { get; init; } = ["campaign", "campaign_id"];

    /// <summary>The only recipient a resend.dev sender may write to.</summary>
    public string OwnerAddress { get; init; } = "owner@ledgerpost.test";
}
