using System.Text;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Ledgerpost.Contacts;
using Ledgerpost.Data;

namespace Ledgerpost.Campaigns;

public enum PreflightSeverity
{
    /// <summary>It cannot be launched like this.</summary>
    Blocker,
    Warning,
    Ok,
}

/// <param name="Field">Which field of the form it belongs to: name, sender, subject, html, text or audience.</param>
/// <param name="Mend">What to do about it; null when there is nothing to do.</param>
public sealed record PreflightItem(PreflightSeverity Severity, string Field, string Sentence, string? Mend = null);

/// <summary>What can be said of a subject and its HTML without looking at anything else. Pure.</summary>
public static class ContentCheck
{
    /// <summary>UTF-8 bytes of the HTML: a hundred of them, with their text parts, must stay below 10 MB in one call.</summary>
    public const int MaxHtmlBytes = 90 * 1024;

    public static IReadOnlyList<PreflightItem> Run(string subject, string html, string? text = null)
    {
        var items = new List<PreflightItem>();
        if (string.IsNullOrWhiteSpace(subject))
        {
            items.Add(Blocker("subject", "The subject is empty.", "Write one; it is the first thing people see."));
        }

        if (string.IsNullOrWhiteSpace(html))
        {
            items.Add(Blocker("html", "The content is empty.", "Write the mail or paste its HTML."));
            return items;
        }

        var unknown = MergeFields
            .Unknown(subject)
            .Select(name => (Name: name, Field: "subject"))
            .Concat(MergeFields.Unknown(html).Select(name => (Name: name, Field: "html")))
            .Concat(MergeFields.Unknown(text ?? "").Select(name => (Name: name, Field: "text")))
            .ToList();
        items.AddRange(
            unknown.Select(found =>
                Blocker(
                    found.Field,
                    $"There is no field \u201c{{{{{found.Name}}}}}\u201d.",
                    "Use first_name, last_name, email, unsubscribe_url, or fields.name for an own field of your contacts."
                )
            )
        );
        // An own field may be all of a link's address, or a part of it.
        var person = PreviewPerson.Sample with
        {
            Fields = ContactFields.Store(
                MergeFields.Own(subject, html, text).ToDictionary(name => name, _ => "https://example.com/")
            ),
        };
        var rendered = PreviewCampaign.Render(subject, html, person, text);
        if (rendered is PreviewResult.Fault fault && unknown.Count == 0)
        {
            var where = fault.Line is { } line && !fault.InSubject ? $"Line {line:N0}: " : "";
            items.Add(
                Blocker(
                    fault.InSubject ? "subject"
                        : fault.InText ? "text"
                        : "html",
                    where + fault.Message,
                    "Mend it in the text."
                )
            );
        }
        else if (rendered is PreviewResult.Rendered { Mail: var mail })
        {
            Look(mail, items);
        }

        return items;
    }

    private static void Look(RenderedMail mail, List<PreflightItem> items)
    {
        var bytes = Encoding.UTF8.GetByteCount(mail.Html);
        if (bytes > MaxHtmlBytes)
        {
            items.Add(
                Blocker(
                    "html",
                    $"The mail is {bytes / 1024:N0} KB; at most {MaxHtmlBytes / 1024} KB can be sent.",
                    "Take out embedded images and unused styles; link to large things instead."
                )
            );
        }

        using var document = new HtmlParser().ParseDocument(mail.Html);
        foreach (var link in document.QuerySelectorAll("a").Take(500))
        {
            Link(link.GetAttribute("href")?.Trim(), Shown(link.TextContent), items);
        }

        foreach (var image in document.QuerySelectorAll("img").Take(500))
        {
            Image(image.GetAttribute("src")?.Trim() ?? "", image.HasAttribute("alt"), items);
        }

        if (document.QuerySelector("script,form,iframe,object,embed") is { } element)
        {
            items.Add(
                Warning(
                    "html",
                    $"Mail programs remove <{element.LocalName}> elements.",
                    "Take it out, and link to a page that has it."
                )
            );
        }

        items.Add(
            mail.Html.Contains(MailBody.FooterMark, StringComparison.Ordinal)
                ? new(
                    PreflightSeverity.Ok,
                    "html",
                    "There is no unsubscribe link in the text: we add one at its end.",
                    "To place it yourself, write {{unsubscribe_url}} where the link should lead."
                )
                : new(PreflightSeverity.Ok, "html", "Everybody can leave by the unsubscribe link in the mail.")
        );
    }

    private static void Link(string? target, string label, List<PreflightItem> items)
    {
        var named = label.Length == 0 ? "A link" : $"The link \u201c{label}\u201d";
        if (string.IsNullOrEmpty(target) || target == "#")
        {
            items.Add(Warning("html", $"{named} leads nowhere.", "Give it an address that starts with https://."));
        }
        else if (target[0] == '#' || IsScheme(target, "https:", "mailto:", "tel:", "sms:"))
        {
            return;
        }
        else if (IsScheme(target, "http:"))
        {
            items.Add(
                Warning("html", $"{named} is not encrypted ({Shown(target)}).", "Use https:// if the page has it.")
            );
        }
        else
        {
            items.Add(
                Blocker(
                    "html",
                    $"{named} leads to \u201c{Shown(target)}\u201d, which no mail program can open.",
                    "Write the whole address, starting with https://."
                )
            );
        }
    }

    private static void Image(string source, bool hasText, List<PreflightItem> items)
    {
        if (!IsScheme(source, "https:", "http:", "cid:", "data:"))
        {
            items.Add(
                Blocker(
                    "html",
                    $"The image \u201c{Shown(source)}\u201d has no whole address, so nobody will see it.",
                    "Write its whole address, starting with https://."
                )
            );
        }

        if (!hasText)
        {
            items.Add(
                Warning(
                    "html",
                    $"The image \u201c{Shown(source)}\u201d has no text for those who do not see it.",
                    "Add alt=\"...\"; alt=\"\" when it only decorates."
                )
            );
        }
    }

    private static bool IsScheme(string target, params ReadOnlySpan<string> schemes)
    {
        foreach (var scheme in schemes)
        {
            if (target.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static string Shown(string text)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= 60 ? line : KeptText.Cut(line, 60) + "\u2026";
    }

    private static PreflightItem Blocker(string field, string sentence, string mend) =>
        new(PreflightSeverity.Blocker, field, sentence, mend);

    private static PreflightItem Warning(string field, string sentence, string mend) =>
        new(PreflightSeverity.Warning, field, sentence, mend);
}
