using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;

namespace AdminPortal.Components.Layout;

/// <summary>One destination of the navigation and of the search.</summary>
public sealed record NavEntry(string Label, string Icon, string Href, NavLinkMatch Match = NavLinkMatch.Prefix);

public sealed partial class NavMenu
{
    [Parameter, EditorRequired]
    public required ShellView View { get; set; }

    private IReadOnlyList<NavEntry> Entries => EntriesFor(View);

    /// <summary>Only pages that exist and that this person may open.</summary>
    public static IReadOnlyList<NavEntry> EntriesFor(ShellView view)
    {
        var entries = new List<NavEntry>();
        if (view.Tenant is { Slug: var slug })
        {
            entries.Add(new("Dashboard", "dashboard", PortalUrls.Tenant(slug), NavLinkMatch.All));
            entries.Add(new("Campaigns", "campaigns", PortalUrls.Campaigns(slug)));
            entries.Add(new("Emails", "emails", PortalUrls.Emails(slug)));
            entries.Add(new("Contacts", "contacts", PortalUrls.Contacts(slug)));
            entries.Add(new("Segments", "segments", PortalUrls.Segments(slug)));
            entries.Add(new("Templates", "templates", PortalUrls.Templates(slug)));
            entries.Add(new("Senders", "senders", PortalUrls.Senders(slug)));
            entries.Add(new("Suppression", "suppression", PortalUrls.Suppression(slug)));
            entries.Add(new("Audit log", "audit", PortalUrls.Audit(slug)));
            entries.Add(new("Settings", "settings", PortalUrls.Settings(slug)));
        }
        else if (view.Person?.Operator == true)
        {
            entries.Add(new("Tenants", "operator", PortalUrls.OperatorTenants));
            entries.Add(new("Sending", "campaigns", PortalUrls.OperatorSending));
            entries.Add(new("Events", "emails", PortalUrls.OperatorEvents()));
            entries.Add(new("Operators", "person", PortalUrls.Operators()));
            entries.Add(new("Audit log", "audit", PortalUrls.Audit(slug: null)));
        }

        return entries;
    }

    private static string Initial(ShellPerson person) =>
        person.Name is { Length: > 0 } name ? StringInfo.GetNextTextElement(name).ToUpperInvariant() : "?";
}
