using Microsoft.AspNetCore.Http;

namespace ResendEmulator.Pages;

/// <summary>The frame around every page, and the headers that keep hostile mail harmless.</summary>
internal static class Layout
{
    private const string PagePolicy =
        "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>No script, no network, no forms: only the mail's own styles and embedded images.</summary>
    private const string MailPolicy =
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

    public static Task PageAsync(HttpContext http, string title, string here, Html content)
    {
        Html Tab(string path, string name)
        {
            var isHere = string.Equals(path, here, StringComparison.Ordinal);
            var current = isHere ? Html.Of($" aria-current=\"page\"") : Html.Empty;
            return Html.Of($"""<a href="{path}"{current}>{name}</a>""");
        }

        var tabs = Tab("/", "Mail") + Tab("/emulator/calls", "Calls") + Tab("/emulator/control", "Controls");
        var page = Html.Of(
            $"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{title} · Resend emulator</title><link rel="stylesheet" href="/emulator/style.css"></head>
            <body><header><strong>Resend emulator</strong><nav aria-label="Pages">{tabs}</nav>
            <p class="note">Nothing leaves this machine.</p></header>
            <main><h1>{title}</h1>{content}</main></body></html>
            """
        );
        return WriteAsync(http, page.ToString(), "text/html; charset=utf-8", PagePolicy);
    }

    public static Task MailAsync(HttpContext http, string html) =>
        WriteAsync(http, html, "text/html; charset=utf-8", MailPolicy);

    public static Task StyleAsync(HttpContext http, string css) =>
        WriteAsync(http, css, "text/css; charset=utf-8", PagePolicy);

    private static Task WriteAsync(HttpContext http, string body, string type, string policy)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        http.Response.ContentType = type;
        return http.Response.WriteAsync(body, http.RequestAborted);
    }

    public static string When(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A state as a word with its colour; colour alone never tells.</summary>
    public static Html Badge(string state)
    {
        var tone = state switch
        {
            "delivered" or "opened" or "clicked" => "good",
            "bounced" or "complained" or "failed" or "suppressed" => "bad",
            "delivery_delayed" or "canceled" => "warn",
            _ => "plain",
        };
        return Html.Of($"""<span class="badge {tone}">{state.Replace('_', ' ')}</span>""");
    }
}
