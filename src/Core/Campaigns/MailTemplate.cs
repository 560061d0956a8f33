using System.Buffers;
using System.Globalization;
using System.Text;
using HandlebarsDotNet;

namespace Ledgerpost.Campaigns;

/// <summary>What a mail may contain of one person, and the link with which that person leaves.</summary>
/// <param name="Fields">The person's own fields by name; null for none.</param>
public sealed record MergeValues(
    string Email,
    string? FirstName,
    string? LastName,
    string UnsubscribeUrl,
    IReadOnlyDictionary<string, string>? Fields = null
);

public sealed record RenderedMail(string Subject, string Html, string Text);

/// <summary>
/// A campaign's subject, HTML and perhaps plain text, checked and compiled once, rendered for each person; may be used by several threads.
/// What contacts bring is hostile: it is always escaped in HTML, never evaluated, and cannot end a header.
/// </summary>
public sealed class MailTemplate
{
    /// <summary>UTF-8 bytes of one mail's HTML; a request of 100 must stay near 10 MB.</summary>
    public const int MaxBytes = 100 * 1024;
    public const int MaxSubjectLength = 998;

    private static readonly SearchValues<char> Escaped = SearchValues.Create("&<>\"'`");

    private static readonly IHandlebars HtmlEngine = CreateEngine(noEscape: false);
    private static readonly IHandlebars SubjectEngine = CreateEngine(noEscape: true);

    private readonly HandlebarsTemplate<object, object> _subject;
    private readonly HandlebarsTemplate<object, object> _html;

    // Null: the plain text is made from each person's HTML.
    private readonly HandlebarsTemplate<object, object>? _text;

    private readonly bool _mayHavePlaces;

    private MailTemplate(
        HandlebarsTemplate<object, object> subject,
        HandlebarsTemplate<object, object> html,
        HandlebarsTemplate<object, object>? text,
        IReadOnlyList<string> own,
        bool mayHavePlaces
    )
    {
        OwnFields = own;
        _subject = subject;
        _html = html;
        _text = text;
        _mayHavePlaces = mayHavePlaces;
    }

    /// <summary>The names of contacts' own fields that it has, sorted.</summary>
    public IReadOnlyList<string> OwnFields { get; }

    /// <param name="text">The plain text as its author wrote it; null to make it from the HTML.</param>
    /// <exception cref="TemplateException">
    /// Something between braces is not understood or not known, blocks do not match, or it is too large or too deep.
    /// </exception>
    public static MailTemplate Compile(string subject, string html, string? text = null)
    {
        if (subject.Length > MaxSubjectLength)
        {
            throw new TemplateException($"The subject is longer than {MaxSubjectLength} characters.", inSubject: true);
        }

        RefuseTooLarge(html);
        MergeFields.Check(subject, inSubject: true);
        MergeFields.Check(html, inSubject: false);
        MailBody.RefuseTooDeep(html);
        return new MailTemplate(
            Compile(SubjectEngine, subject, inSubject: true),
            Compile(HtmlEngine, html, inSubject: false),
            text is null ? null : CompileText(text),
            MergeFields.Own(subject, html, text),
            !subject.Any(MailPlaces.IsPlace) && !html.Any(MailPlaces.IsPlace) && text?.Any(MailPlaces.IsPlace) != true
        );
    }

    private static HandlebarsTemplate<object, object> CompileText(string text)
    {
        try
        {
            RefuseTooLarge(text);
            MergeFields.Check(text, inSubject: false);
            return Compile(SubjectEngine, text, inSubject: false);
        }
        catch (TemplateException fault)
        {
            throw new TemplateException(fault.Message, fault.Line, innerException: fault, inText: true);
        }
    }

    /// <summary>Names between braces that are neither a field nor a helper; of the subject first. Never throws.</summary>
    public static IReadOnlyList<string> UnknownFields(string subject, string html, string? text = null) =>
        [
            .. MergeFields
                .Unknown(subject)
                .Union(MergeFields.Unknown(html), StringComparer.Ordinal)
                .Union(MergeFields.Unknown(text ?? ""), StringComparer.Ordinal),
        ];

    /// <exception cref="TemplateException">This person's data makes an empty subject or a mail that is too large.</exception>
    public RenderedMail Render(MergeValues values)
    {
        var fields = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["first_name"] = Clean(values.FirstName),
            ["last_name"] = Clean(values.LastName),
            ["email"] = Clean(values.Email),
            ["unsubscribe_url"] = values.UnsubscribeUrl,
            ["fields"] = OwnFields.ToDictionary(
                name => name,
                object? (name) => Clean(values.Fields?.GetValueOrDefault(name)),
                StringComparer.Ordinal
            ),
        };
        var subject = OneLine(Run(_subject, fields, inSubject: true));
        if (subject.Length == 0)
        {
            throw new TemplateException("The subject is empty for this person.", inSubject: true);
        }

        if (subject.Length > MaxSubjectLength)
        {
            throw new TemplateException(
                $"The subject is longer than {MaxSubjectLength} characters for this person.",
                inSubject: true
            );
        }

        var html = Run(_html, fields, inSubject: false);
        RefuseTooLarge(html);
        var body = MailBody.WithUnsubscribeLink(html, values.UnsubscribeUrl);
        return new RenderedMail(subject, body.Html, _text is null ? body.Text : Text(fields, values.UnsubscribeUrl));
    }

    // Nothing is escaped: it is read as it stands, and never as HTML.
    private string Text(Dictionary<string, object?> fields, string unsubscribeUrl)
    {
        var text = Run(_text!, fields, inSubject: false);
        RefuseTooLarge(text);
        return text.Contains(unsubscribeUrl, StringComparison.Ordinal)
            ? text
            : $"{text.TrimEnd()}\n\nUnsubscribe: {unsubscribeUrl}".TrimStart();
    }

    /// <summary>The mail for everybody who has, or has not, these values: with <see cref="MailPlaces"/> for them.</summary>
    /// <param name="own">For each of <see cref="OwnFields"/> whether they have it.</param>
    /// <returns>Null when a value could change more than its place; such a mail is rendered for each person.</returns>
    public RenderedMail? RenderPlaces(bool firstName, bool lastName, IReadOnlyList<bool> own)
    {
        if (!_mayHavePlaces || OwnFields.Count > MailPlaces.MostOwn)
        {
            return null;
        }

        try
        {
            var mail = Render(
                new MergeValues(
                    Place(MailPlaces.Email),
                    firstName ? Place(MailPlaces.FirstName) : null,
                    lastName ? Place(MailPlaces.LastName) : null,
                    Place(MailPlaces.UnsubscribeUrl),
                    Enumerable
                        .Range(0, OwnFields.Count)
                        .Where(i => own[i])
                        .ToDictionary(
                            i => OwnFields[i],
                            i => Place((char)(MailPlaces.FirstOwn + i)),
                            StringComparer.Ordinal
                        )
                )
            );
            return MailPlaces.AreText(mail.Html) ? mail : null;
        }
        catch (TemplateException)
        {
            // A fault of the template in this form, such as an empty subject: each person's own rendering will tell.
            return null;
        }

        static string Place(char place) => place.ToString();
    }

    /// <summary>As it stands in HTML, in text and in quoted attributes.</summary>
    public static string EscapeHtml(string value)
    {
        if (!value.AsSpan().ContainsAny(Escaped))
        {
            return value;
        }

        using var escaped = new StringWriter(CultureInfo.InvariantCulture);
        new StrictHtmlEncoder().Encode(value, escaped);
        return escaped.ToString();
    }

    private static HandlebarsTemplate<object, object> Compile(IHandlebars engine, string text, bool inSubject)
    {
        try
        {
            return engine.Compile(text);
        }
        catch (HandlebarsException exception)
        {
            throw new TemplateException(exception.Message, null, inSubject, exception);
        }
    }

    private static string Run(HandlebarsTemplate<object, object> template, object fields, bool inSubject)
    {
        try
        {
            return template(fields);
        }
        catch (HandlebarsException exception)
        {
            throw new TemplateException(exception.Message, null, inSubject, exception);
        }
    }

    private static void RefuseTooLarge(string html)
    {
        if (Encoding.UTF8.GetByteCount(html) > MaxBytes)
        {
            throw new TemplateException($"The content is larger than {MaxBytes / 1024} KB.");
        }
    }

    private static IHandlebars CreateEngine(bool noEscape)
    {
        var engine = Handlebars.Create(
            new HandlebarsConfiguration { NoEscape = noEscape, TextEncoder = new StrictHtmlEncoder() }
        );
        engine.RegisterHelper(
            "fallback",
            (output, _, arguments) =>
            {
                var value = arguments[0] as string;
                output.Write(string.IsNullOrWhiteSpace(value) ? arguments[1] as string : value);
            }
        );
        return engine;
    }

    /// <summary>Neither control characters nor halves of a surrogate pair: the provider would refuse a whole chunk for them.</summary>
    private static string? Clean(string? value)
    {
        if (value is null)
        {
            return null;
        }

        var clean = new StringBuilder(value.Length);
        foreach (var rune in value.EnumerateRunes())
        {
            if (!Rune.IsControl(rune) || rune.Value is '\t' or '\n')
            {
                clean.Append(rune.ToString());
            }
        }

        return clean.ToString();
    }

    // A line's end would start another header, and a direction override would show another subject than was written.
    private static string OneLine(string subject)
    {
        var line = new StringBuilder(subject.Length);
        foreach (var character in subject)
        {
            if (character is '\r' or '\n' or '\t' or '\u0085' or '\u2028' or '\u2029')
            {
                line.Append(' ');
            }
            else if (
                !char.IsControl(character)
                && character is not (>= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069')
            )
            {
                line.Append(character);
            }
        }

        return line.ToString().Trim();
    }
}
