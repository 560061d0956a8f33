using AdminPortal.Components.Shared;

namespace AdminPortal.Components.Layout;

/// <summary>Who looks at the portal.</summary>
/// <param name="Operator">Sees the installation's pages too.</param>
public sealed record ShellPerson(string Name, string Email, bool Operator);

/// <summary>A tenant to choose. <paramref name="Role"/> as a word: "Owner".</summary>
public sealed record ShellTenant(string Slug, string Name, string Role);

/// <summary>A sentence over every page: all sending is stopped, the database is a copy.</summary>
public sealed record ShellBanner(Tone Tone, string Sentence)
{
    /// <param name="notices">As the installation says them.</param>
    public static IReadOnlyList<ShellBanner> Of(IReadOnlyList<string> notices) =>
        [.. notices.Select(notice => new ShellBanner(Tone.Bad, notice))];
}

/// <summary>What the frame around a page shows.</summary>
/// <param name="Tenant">The tenant of this page; null outside of tenants, and for a tenant that is not the person's.</param>
/// <param name="Emulator">Nothing leaves the machine.</param>
/// <param name="Zone">The tenant's time zone, cascaded to the page; null for UTC.</param>
public sealed record ShellView(
    ShellPerson? Person,
    IReadOnlyList<ShellTenant> Tenants,
    ShellTenant? Tenant,
    IReadOnlyList<ShellBanner> Banners,
    bool Emulator = false,
    string? EmulatorInboxHref = null,
    TimeZoneInfo? Zone = null
)
{
    public static ShellView Empty { get; } = new(null, [], null, []);
}

/// <summary>Fills the frame. Called again when the tenant in the address changes.</summary>
public interface IShellData
{
    /// <param name="tenantSlug">The tenant in the address, or null.</param>
    Task<ShellView> LoadAsync(string? tenantSlug, CancellationToken ct);
}
