namespace AdminPortal.Account;

/// <summary>An address to come back to must be one of this portal, or a link could lead a person elsewhere after signing in.</summary>
public static class LocalUrl
{
    /// <returns>The address itself, or the start page.</returns>
    public static string OrHome(string? url) => IsLocal(url) ? url! : PortalUrls.Home;

    public static bool IsLocal(string? url) =>
        url is ['/', ..]
        && url is not ['/', '/' or '\\', ..]
        && !url.Contains('\\', StringComparison.Ordinal)
        && !url.Any(char.IsControl);
}
