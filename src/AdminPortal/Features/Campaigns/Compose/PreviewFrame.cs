namespace AdminPortal.Features.Campaigns.Compose;

/// <summary>A mail's HTML as the document of a sandboxed frame.</summary>
public static class PreviewFrame
{
    /// <summary>
    /// Pictures and styles, and nothing else: the sandbox runs no script and sends no form anyway, and of the portal's policy, which
    /// the frame inherits, this takes the rest away.
    /// </summary>
    private const string Policy =
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; font-src data: https:\">";

    /// <summary>
    /// Links ask for a window of their own, which the sandbox refuses, so a click leads nowhere. With
    /// <paramref name="dark"/> the frame is dark wherever the mail has no colours of its own.
    /// </summary>
    /// <remarks>
    /// The policy stands before everything that the mail brings, where nothing in the mail can move it out of the head. In a frame
    /// that is made of text a late doctype does not change how the browser draws.
    /// </remarks>
    public static string Document(string html, bool dark) =>
        Policy + "<base target=\"_blank\">" + (dark ? "<meta name=\"color-scheme\" content=\"dark\">" : "") + html;
}
