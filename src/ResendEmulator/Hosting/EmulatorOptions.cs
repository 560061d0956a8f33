using ResendEmulator.Protocol;

namespace ResendEmulator.Hosting;

/// <summary>How an emulator starts; alone, the section <c>Emulator</c> of configuration.</summary>
public sealed class EmulatorOptions
{
    /// <summary>Where emulator.db lives; <c>null</c> keeps everything in memory and forgets it at the end.</summary>
    public string? DataDirectory { get; set; }

    /// <summary>Where to listen; port 0 takes a free one. Only loopback addresses make sense: the panel has no password.</summary>
    public string Urls { get; set; } = "http://127.0.0.1:0";

    /// <summary>Keys that are accepted. All belong to one team, whose rate limit and idempotency keys they share.</summary>
    public IList<EmulatorApiKey> ApiKeys { get; } = [new() { Token = "re_emulator" }];

    /// <summary>Domains that are there and verified from the start; their ids depend on the name alone.</summary>
    public IList<string> VerifiedDomains { get; } = ["demo.ledgerpost.test"];

    /// <summary>Receives the webhooks; nothing is delivered while it is missing, and nothing is lost either.</summary>
    public string? WebhookUrl { get; set; }

    /// <summary><c>whsec_</c> and base64; made up when missing.</summary>
    public string? WebhookSecret { get; set; }

    /// <summary>Makes ids and shares reproducible.</summary>
    public int? Seed { get; set; }

    public Behaviour Behaviour { get; set; } = new();

    /// <summary>The time underneath the emulator's own clock.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where the one writer runs; the pool's when null.</summary>
    public TaskScheduler? Scheduler { get; set; }
}

/// <summary>One accepted key.</summary>
public sealed class EmulatorApiKey
{
    public string Token { get; set; } = "";

    /// <summary><c>full_access</c> or <c>sending_access</c> (which may only send).</summary>
    public string Access { get; set; } = "full_access";

    /// <summary>A sending key may be held to one domain.</summary>
    public string? Domain { get; set; }

    public bool OnlySends => string.Equals(Access, "sending_access", StringComparison.OrdinalIgnoreCase);
}
