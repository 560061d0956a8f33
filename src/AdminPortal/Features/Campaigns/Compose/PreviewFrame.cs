namespace AdminPortal.Features.Campaigns.Compose;

/// <summary>A mail's HTML as the document of a sandboxed frame.</summary>
public static class PreviewFrame
{
    /// <summary>
    /// Links ask for a window of their own, which the sandbox refuses, so a click leads nowhere. With
    /// <paramref name="dark"/> the frame is dark wherever the mail has no colours of its own.
    /// </summary>
    public static string Document(string html, bool dark)
    {
        var extra = "<base target=\"_blank\">" + (dark ? "<meta name=\"color-scheme\" content=\"dark\">" : "");
        var head = html.IndexOf("<head", StringComparison.OrdinalIgnoreCase);
        var end = head < 0 ? -1 : html.IndexOf('>', head);
        if (end >= 0)
        {
            return html.Insert(end + 1, extra);
        }

        // Before a doctype it would switch the browser to its old ways.
        var doctype = html.StartsWith("<!doctype", StringComparison.OrdinalIgnoreCase) ? html.IndexOf('>') + 1 : 0;
        return html.Insert(doctype, extra);
    }
}
