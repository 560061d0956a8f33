namespace Ledgerpost.Sending.Provider;

/// <summary>The section <c>Resend</c>.</summary>
public sealed class ResendOptions
{
    /// <summary><c>Emulator</c> in Development, else <c>Resend</c>.</summary>
    public ProviderMode? Mode { get; set; }

    /// <summary>Any server that speaks the same API; default <c>https://api.resend.com</c>.</summary>
    public string? BaseUrl { get; set; }

    public string? ApiKey { get; set; }

    /// <summary><c>whsec_...</c>; several, comma-separated, during a rotation.</summary>
    public string? WebhookSecret { get; set; }
}

public enum ProviderMode
{
    /// <summary>The real provider: mail leaves this machine.</summary>
    Resend,

    /// <summary>The built-in stand-in: nothing leaves this machine.</summary>
    Emulator,
}

/// <summary>Where mail goes, once configuration and emulator are known.</summary>
/// <param name="BaseUrl">Absolute, without a slash at its end.</param>
/// <param name="WebhookSecrets">Every <c>whsec_...</c> that may have signed an event.</param>
public sealed record ProviderEndpoint(
    ProviderMode Mode,
    string BaseUrl,
    string ApiKey,
    IReadOnlyList<string> WebhookSecrets
);
