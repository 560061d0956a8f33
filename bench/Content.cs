using System.Globalization;
using System.Text;

namespace Bench;

/// <summary>A mail of 4 KB of HTML with two merge fields, in tables and inline styles as mails are.</summary>
internal static class Content
{
    private const int Bytes = 4 * 1024;

    public static string Subject => "News for {{first_name}}";

    public static string Html { get; } = Build();

    public static string HtmlWithOwnField { get; } =
        Html.Replace("</h1>", " of {{fields.city}}</h1>", StringComparison.Ordinal);

    /// <summary>About what the plain text part of it is.</summary>
    public static string Text { get; } = string.Concat(Enumerable.Repeat(Sentence + "\n\n", 10));

    private const string Sentence =
        "We have read what you wrote and thought about it for a while; here is what came of it, and what we will do next.";

    private static string Build()
    {
        const string Start = """
            <!doctype html><html><head><title>News</title><style>p{margin:0 0 16px}</style></head><body style="margin:0;background:#f4f4f5;font-family:Arial,sans-serif">
            <table role="presentation" width="600" align="center" cellpadding="0" cellspacing="0"><tr><td style="padding:24px">
            <h1 style="font-size:24px;line-height:32px;color:#111827">Hello {{first_name}}</h1><p style="color:#6b7280">This was sent to {{email}}.</p>

            """;
        const string End = "</td></tr></table></body></html>";
        var html = new StringBuilder(Start);
        for (var i = 1; ; i++)
        {
            var part = string.Create(
                CultureInfo.InvariantCulture,
                $"<p style=\"font-size:16px;line-height:24px;color:#374151;margin:0 0 16px\">{Sentence} <a style=\"color:#2563eb;text-decoration:underline\" href=\"https://bench.test/read/{i}?from=mail&amp;part={i}\">Read on</a></p>\n"
            );
            if (html.Length + part.Length + End.Length > Bytes)
            {
                break;
            }

            html.Append(part);
        }

        return html.Append("<p>")
            .Append('x', Math.Max(0, Bytes - html.Length - End.Length - 7))
            .Append("</p>")
            .Append(End)
            .ToString();
    }
}
