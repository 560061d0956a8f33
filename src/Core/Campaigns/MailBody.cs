using System.Net;
using System.Text;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace Ledgerpost.Campaigns;

/// <summary>A mail's HTML and the plain text that stands for it, both with a way out.</summary>
public sealed record MailBody(string Html, string Text)
{
    /// <summary>Elements inside each other; real mails stay below 50.</summary>
    private const int MaxDepth = 200;

    /// <summary>The beginning of the footer, by which it is known again.</summary>
    internal const string FooterMark = "<p style=\"margin:24px 0 0;font-size:12px;line-height:18px;color:#6b7280\">";

    /// <summary>
    /// The author's HTML as it is; a footer is added before <c>&lt;/body&gt;</c> when no visible link leads to
    /// <paramref name="unsubscribeUrl"/>.
    /// </summary>
    /// <exception cref="TemplateException">The elements are nested too deeply.</exception>
    public static MailBody WithUnsubscribeLink(string html, string unsubscribeUrl)
    {
        using var document = new HtmlParser().ParseDocument(html);
        var text = HtmlToText.Convert(document, MaxDepth);
        // The text holds what can be seen: links with their targets, neither comments nor hidden parts.
        if (text.Contains(unsubscribeUrl, StringComparison.Ordinal))
        {
            return new MailBody(html, text);
        }

        var footer =
            FooterMark
            + $"<a href=\"{WebUtility.HtmlEncode(unsubscribeUrl)}\" style=\"color:#6b7280\">Unsubscribe</a></p>";
        var end = html.LastIndexOf("</body", StringComparison.OrdinalIgnoreCase);
        var whole = end < 0 ? html + footer : html.Insert(end, footer);
        return new MailBody(whole, $"{text}\n\nUnsubscribe: {unsubscribeUrl}".TrimStart());
    }

    /// <exception cref="TemplateException">The elements are nested too deeply.</exception>
    public static void RefuseTooDeep(string html)
    {
        using var document = new HtmlParser().ParseDocument(html);
        HtmlToText.Convert(document, MaxDepth);
    }
}

/// <summary>Plain text as a person would type it: paragraphs, list marks, links with their targets.</summary>
internal static class HtmlToText
{
    public static string Convert(IDocument document, int maxDepth)
    {
        var writer = new Writer();
        if (document.Body is { } body)
        {
            Walk(body, writer, maxDepth);
        }

        return writer.ToString();
    }

    private static void Walk(INode node, Writer writer, int depthLeft)
    {
        if (depthLeft == 0)
        {
            throw new TemplateException("The HTML's elements are nested too deeply.");
        }

        foreach (var child in node.ChildNodes)
        {
            if (child is IText text)
            {
                writer.Words(text.Data);
            }
            else if (child is IElement element && !IsHidden(element))
            {
                Element(element, writer, depthLeft - 1);
            }
        }
    }

    private static void Element(IElement element, Writer writer, int depthLeft)
    {
        switch (element.LocalName)
        {
            case "br":
                writer.Break(1);
                return;
            case "hr":
                writer.Break(2);
                writer.Words("---");
                writer.Break(2);
                return;
            case "img":
                writer.Words(element.GetAttribute("alt") ?? "");
                return;
            case "a":
                Link(element, writer, depthLeft);
                return;
            case "li":
                writer.Break(1);
                writer.Words("- ");
                Walk(element, writer, depthLeft);
                writer.Break(1);
                return;
            case "td" or "th":
                writer.Words(" ");
                Walk(element, writer, depthLeft);
                writer.Words(" ");
                return;
        }

        var lines = Lines(element.LocalName);
        writer.Break(lines);
        Walk(element, writer, depthLeft);
        writer.Break(lines);
    }

    private static void Link(IElement element, Writer writer, int depthLeft)
    {
        var before = writer.Length;
        Walk(element, writer, depthLeft);
        var target = element.GetAttribute("href")?.Trim() ?? "";
        if (target.Length == 0 || target[0] == '#')
        {
            return;
        }

        var label = writer.Since(before).Trim();
        var shown = target.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase) ? target[7..] : target;
        if (label != shown && label != target)
        {
            writer.Words(label.Length == 0 ? target : $" ({shown})");
        }
    }

    private static int Lines(string name) =>
        name switch
        {
            "p" or "h1" or "h2" or "h3" or "h4" or "h5" or "h6" or "ul" or "ol" or "blockquote" or "pre" => 2,
            "div"
            or "table"
            or "tr"
            or "section"
            or "article"
            or "header"
            or "footer"
            or "main"
            or "dl"
            or "dt"
            or "dd" => 1,
            _ => 0,
        };

    private static bool IsHidden(IElement element) =>
        element.LocalName is "script" or "style" or "template" or "title" or "noscript" or "head"
        || element.HasAttribute("hidden")
        || (
            element.GetAttribute("style") is { } style
            && style
                .Replace(" ", "", StringComparison.Ordinal)
                .Contains("display:none", StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>Collapses white space as a browser does, and knows how many line ends are owed.</summary>
    private sealed class Writer
    {
        private readonly StringBuilder _text = new();
        private int _breaks;
        private bool _space;

        public int Length => _text.Length;

        public string Since(int start) => _text.ToString(start, _text.Length - start);

        public void Break(int lines)
        {
            _breaks = Math.Max(_breaks, lines);
            _space = false;
        }

        public void Words(string text)
        {
            foreach (var character in text)
            {
                if (char.IsWhiteSpace(character))
                {
                    _space = true;
                    continue;
                }

                if (_text.Length > 0)
                {
                    if (_breaks > 0)
                    {
                        _text.Append('\n', _breaks);
                    }
                    else if (_space)
                    {
                        _text.Append(' ');
                    }
                }

                (_breaks, _space) = (0, false);
                _text.Append(character);
            }
        }

        public override string ToString() => _text.ToString();
    }
}
