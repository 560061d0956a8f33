using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ResendEmulator.Retrieval;

namespace ResendEmulator.Pages;

/// <summary>One mail: how it looks, its text, its headers, and what became of it.</summary>
public sealed class MailPage(MailReader mails)
{
    public async Task ShowAsync(HttpContext http)
    {
        if (await FindAsync(http) is not { } mail)
        {
            await MissingAsync(http);
            return;
        }

        var line = mail.Line;
        var source = mail.Source;
        var html = Text(source, "html");
        var text = Text(source, "text");
        var key = mail.IdempotencyKey ?? "none";
        var look = html is null
            ? Html.Empty
            : Html.Of(
                $"""
                <h2>As it looks</h2><p class="quiet">In a sandbox: no script runs, and nothing is loaded from the network.</p>
                <iframe title="The mail's HTML" sandbox="" src="/emulator/mail/{line.Id}/html"></iframe>
                """
            );
        var content = Html.Of(
            $"""
            <dl class="facts"><dt>State</dt><dd>{Layout.Badge(line.LastEvent)}</dd>
            <dt>From</dt><dd>{line.From}</dd><dt>To</dt><dd>{string.Join(", ", line.To)}</dd>
            <dt>Subject</dt><dd>{line.Subject}</dd><dt>Accepted</dt><dd>{Layout.When(line.At)} UTC</dd>
            <dt>Id</dt><dd><code>{line.Id}</code></dd><dt>Idempotency key</dt><dd><code>{key}</code></dd></dl>
            {look}
            {(text is null ? Html.Empty : Html.Of($"<h2>Text part</h2><pre>{text}</pre>"))}
            {Members(source, "headers", "Headers")}
            {Members(source, "tags", "Tags")}
            <h2>What became of it</h2>{Events(mail)}
            <p><a class="button" href="/">All mail</a></p>
            """
        );
        await Layout.PageAsync(http, line.Subject.Length == 0 ? "Mail without a subject" : line.Subject, "", content);
    }

    /// <summary>The HTML part alone, for the sandboxed frame.</summary>
    public async Task ShowHtmlAsync(HttpContext http)
    {
        if (await FindAsync(http) is { } mail)
        {
            await Layout.MailAsync(http, Text(mail.Source, "html") ?? "");
            return;
        }

        await MissingAsync(http);
    }

    private async Task<MailDetail?> FindAsync(HttpContext http) =>
        Guid.TryParse(http.GetRouteValue("id") as string, out var id)
            ? await mails.FindAsync(id.ToString("D", CultureInfo.InvariantCulture))
            : null;

    private static Task MissingAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Layout.PageAsync(
            http,
            "No such mail",
            "",
            Html.Of($"""<p class="empty">It may have been forgotten by a reset. <a href="/">All mail</a></p>""")
        );
    }

    private static Html Members(JsonElement source, string name, string title)
    {
        if (!source.TryGetProperty(name, out var value))
        {
            return Html.Empty;
        }

        var rows = value.ValueKind switch
        {
            JsonValueKind.Object => value.EnumerateObject().Select(member => (member.Name, member.Value.ToString())),
            JsonValueKind.Array => value
                .EnumerateArray()
                .Select(tag => (Text(tag, "name") ?? "", Text(tag, "value") ?? "")),
            _ => [],
        };
        var lines = rows.Select(row => Html.Of($"<dt>{row.Item1}</dt><dd><code>{row.Item2}</code></dd>"));
        return Html.Of($"""<h2>{title}</h2><dl class="facts">{Html.Join(lines)}</dl>""");
    }

    private static Html Events(MailDetail mail)
    {
        var rows = mail.Events.Select(Event);
        return Html.Of(
            $"""
            <table><thead><tr><th>Event</th><th>At (UTC)</th><th>Webhook</th><th>svix-id</th></tr></thead>
            <tbody>{Html.Join(rows)}</tbody></table>
            """
        );
    }

    private static Html Event(MailEvent item)
    {
        var name = Layout.Badge(item.Type["email.".Length..]);
        var at = Layout.When(item.At);
        return Html.Of(
            $"""
            <tr><td data-name="Event">{name}</td><td data-name="At" class="num">{at}</td>
            <td data-name="Webhook">{Webhook(item)}</td><td data-name="svix-id"><code>{item.SvixId}</code></td></tr>
            """
        );
    }

    private static string Webhook(MailEvent item) =>
        item switch
        {
            { TakenAt: { } at } => $"taken ({item.LastAnswer}) at {Layout.When(at)}, attempt {item.Attempts}",
            { DueAt: null } => $"given up after {item.Attempts} attempts ({item.LastAnswer})",
            { Attempts: 0, DueAt: { } due } => $"due {Layout.When(due)}",
            { DueAt: { } due } => $"refused ({item.LastAnswer}), attempt {item.Attempts + 1} at {Layout.When(due)}",
        };

    private static string? Text(JsonElement source, string name) =>
        source.ValueKind == JsonValueKind.Object
        && source.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
