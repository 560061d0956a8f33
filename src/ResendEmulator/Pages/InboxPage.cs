using System.Globalization;
using Microsoft.AspNetCore.Http;
using ResendEmulator.Control;
using ResendEmulator.Retrieval;

namespace ResendEmulator.Pages;

/// <summary>What was "delivered", the newest first, with search.</summary>
public sealed class InboxPage(EmulatorControl control)
{
    private const int PageSize = 50;

    public async Task ShowAsync(HttpContext http)
    {
        var text = http.Request.Query["q"].ToString();
        var campaign = http.Request.Query["campaign"].ToString();
        _ = int.TryParse(http.Request.Query["page"], NumberStyles.None, CultureInfo.InvariantCulture, out var page);
        var asked = campaign.Length == 0 ? null : campaign;
        var mails = await control.MailsAsync(text, asked, PageSize + 1, page * PageSize);
        var state = await control.StateAsync();
        var content = Html.Of(
            $"""
            {Summary(state)}
            <form class="search" method="get" action="/" role="search">
            <label for="q">Search address or subject</label><input id="q" name="q" type="search" value="{text}">
            <label for="campaign">Campaign</label><input id="campaign" name="campaign" value="{campaign}">
            <button>Search</button></form>
            {(mails.Count == 0 ? Nothing(text, campaign) : List(mails))}
            {Pager(text, campaign, page, mails.Count > PageSize)}
            """
        );
        await Layout.PageAsync(http, "Mail", "/", content);
    }

    private static Html Summary(EmulatorState state)
    {
        var doubles =
            state.Duplicates == 0
                ? Html.Of($"""<span class="badge good">nobody twice in one campaign</span>""")
                : Html.Of($"""<span class="badge bad">{state.Duplicates:N0} sent twice in one campaign</span>""");
        var faults = state.Faults.All(fault => fault.IsOver)
            ? Html.Empty
            : Html.Of($"""<a class="badge warn" href="/emulator/control">a fault is set</a>""");
        return Html.Of(
            $"""
            <p class="summary"><b>{state.Mails:N0}</b> mails to <b>{state.Addresses:N0}</b> addresses
            in <b>{state.Calls:N0}</b> calls {doubles} {faults}</p>
            """
        );
    }

    private static Html Nothing(string text, string campaign) =>
        text.Length + campaign.Length > 0
            ? Html.Of($"""<p class="empty">No mail matches. <a href="/">Show all</a></p>""")
            : Html.Of($"""<p class="empty">No mail yet. Whatever is sent through this emulator appears here.</p>""");

    private static Html List(List<MailLine> mails)
    {
        var rows = mails.Take(PageSize).Select(Row);
        return Html.Of(
            $"""
            <table><thead><tr><th>To</th><th>Subject</th><th>State</th><th>Campaign</th><th>Accepted (UTC)</th></tr></thead>
            <tbody>{Html.Join(rows)}</tbody></table>
            """
        );
    }

    private static Html Row(MailLine mail)
    {
        var to = string.Join(", ", mail.To);
        var state = Layout.Badge(mail.LastEvent);
        var at = Layout.When(mail.At);
        return Html.Of(
            $"""
            <tr><td data-name="To"><a href="/emulator/mail/{mail.Id}">{to}</a></td>
            <td data-name="Subject">{mail.Subject}</td><td data-name="State">{state}</td>
            <td data-name="Campaign" class="quiet">{mail.Campaign}</td><td data-name="Accepted" class="num">{at}</td></tr>
            """
        );
    }

    private static Html Pager(string text, string campaign, int page, bool more)
    {
        Html Link(int to, string name)
        {
            var query = $"/?q={Uri.EscapeDataString(text)}&campaign={Uri.EscapeDataString(campaign)}&page={to}";
            return Html.Of($"""<a class="button" href="{query}">{name}</a>""");
        }

        var newer = page > 0 ? Link(page - 1, "Newer") : Html.Empty;
        var older = more ? Link(page + 1, "Older") : Html.Empty;
        return Html.Of($"""<nav class="pager" aria-label="Older and newer mail">{newer}{older}</nav>""");
    }
}
