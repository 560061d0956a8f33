using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.JSInterop;

namespace AdminPortal.Components.Layout;

/// <summary>Ctrl+K: goes to a page, or searches contacts and campaigns for what was typed.</summary>
public sealed partial class SearchPalette
{
    private string _text = "";
    private int _active;

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required IJSRuntime Script { get; init; }

    [Parameter, EditorRequired]
    public required ShellView View { get; set; }

    private IReadOnlyList<NavEntry> Choices => ChoicesFor(View, _text);

    private string? ActiveId => _active < Choices.Count ? $"lp-search-{_active}" : null;

    public static IReadOnlyList<NavEntry> ChoicesFor(ShellView view, string text)
    {
        var wanted = text.Trim();
        var choices = new List<NavEntry>();
        if (wanted.Length > 0 && view.Tenant is { Slug: var slug })
        {
            choices.Add(new($"Contacts with “{wanted}”", "contacts", PortalUrls.Contacts(slug, q: wanted)));
            choices.Add(new($"Campaigns with “{wanted}”", "campaigns", PortalUrls.Campaigns(slug, q: wanted)));
        }

        if (view.Tenant is { } tenant)
        {
            choices.AddRange(
                Matching([new NavEntry("New campaign", "plus", PortalUrls.NewCampaign(tenant.Slug))], wanted)
            );
        }

        choices.AddRange(Matching(NavMenu.EntriesFor(view), wanted));
        choices.AddRange(
            Matching(
                view.Tenants.Where(other => other != view.Tenant)
                    .Select(other => new NavEntry(
                        $"Switch to {other.Name}",
                        "tenant",
                        PortalUrls.Campaigns(other.Slug)
                    )),
                wanted
            )
        );
        return choices;
    }

    private static IEnumerable<NavEntry> Matching(IEnumerable<NavEntry> entries, string wanted) =>
        entries.Where(entry => entry.Label.Contains(wanted, StringComparison.OrdinalIgnoreCase));

    private async Task KeyAsync(KeyboardEventArgs key)
    {
        var choices = Choices;
        switch (key.Key)
        {
            case "ArrowDown" when choices.Count > 0:
                _active = (_active + 1) % choices.Count;
                break;
            case "ArrowUp" when choices.Count > 0:
                _active = (_active - 1 + choices.Count) % choices.Count;
                break;
            case "Enter" when _active < choices.Count:
                var href = choices[_active].Href;
                _text = "";
                _active = 0;
                await Script.InvokeVoidAsync("ledgerpost.closeDialog", "lp-search");
                Navigation.NavigateTo(href);
                break;
        }
    }
}
