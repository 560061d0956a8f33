using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;

namespace Ledgerpost.Templates;

/// <summary>A template as typed; nothing is checked yet.</summary>
/// <param name="Text">The plain-text part; null or empty: it is made from the HTML.</param>
public sealed record TemplateInput(string? Name, string? Subject, string? Html, string? Text = null)
{
    public const int MaxNameLength = 100;

    /// <summary>Every wrong field, before anything is done.</summary>
    public IReadOnlyList<FieldError> Problems() => Check().Problems;

    /// <summary>
    /// Unlike a draft, which is kept while it is not fit yet, a template is something to begin with: what could not be
    /// sent is refused.
    /// </summary>
    internal (ValidTemplate? Template, IReadOnlyList<FieldError> Problems) Check()
    {
        var problems = new List<FieldError>();
        if (!PlainText.TryParse(Name, "name", MaxNameLength, out var name, out var reason))
        {
            problems.Add(new("name", reason));
        }
        else if (name is null)
        {
            problems.Add(new("name", "Give the template a name."));
        }

        var (subject, html) = (Subject ?? "", Html ?? "");
        var text = string.IsNullOrWhiteSpace(Text) ? null : Text;
        if (string.IsNullOrWhiteSpace(html))
        {
            problems.Add(new("html", "Write the content, or paste its HTML."));
        }

        Keepable(problems, "subject", subject, DraftContent.MaxSubjectLength);
        Keepable(problems, "html", html, DraftContent.MaxHtmlLength);
        Keepable(problems, "text", text ?? "", DraftContent.MaxHtmlLength);
        Merge(problems, subject, html, text);
        return problems.Count > 0 ? (null, problems) : (new ValidTemplate(name!, subject, html, text), []);
    }

    private static void Keepable(List<FieldError> problems, string field, string text, int max)
    {
        if (text.Length > max)
        {
            problems.Add(new(field, $"It has {text.Length:N0} characters; {max:N0} can be kept."));
        }
        else if (PlainText.CannotBeKept(text) is { } reason)
        {
            problems.Add(new(field, reason));
        }
    }

    // Each field by itself, so that one answer names every fault; one that cannot be kept has been told of.
    private static void Merge(List<FieldError> problems, string subject, string html, string? text)
    {
        Try("subject", () => MailTemplate.Compile(subject, ""));
        Try("html", () => MailTemplate.Compile("", html));
        if (text is not null)
        {
            Try("text", () => MailTemplate.Compile("", "", text));
        }

        void Try(string field, Action compile)
        {
            if (problems.Exists(problem => problem.Field == field))
            {
                return;
            }

            try
            {
                compile();
            }
            catch (TemplateException fault)
            {
                var where = fault.Line is { } line && field != "subject" ? $"Line {line:N0}: " : "";
                problems.Add(new(field, where + fault.Message));
            }
        }
    }
}

internal sealed record ValidTemplate(string Name, string Subject, string Html, string? Text);

/// <summary>What became of creating, changing or deleting a template.</summary>
public abstract record TemplateOutcome
{
    private TemplateOutcome() { }

    public sealed record Saved(Guid TemplateId, int Version) : TemplateOutcome;

    public sealed record Deleted : TemplateOutcome;

    /// <param name="Problems">Of the fields name, subject, html and text.</param>
    public sealed record Invalid(IReadOnlyList<FieldError> Problems) : TemplateOutcome;

    public sealed record NotFound : TemplateOutcome;

    /// <summary>Somebody changed it since that version was read; nothing was saved.</summary>
    public sealed record ChangedMeanwhile(int Version) : TemplateOutcome;
}
