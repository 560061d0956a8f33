using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Ledgerpost.Contacts;
using Ledgerpost.Data;

namespace Ledgerpost.Campaigns;

/// <summary>
/// What may stand between braces: a field, <c>fallback field "text"</c>, and #if / #unless with else. A field is one of
/// <see cref="Known"/>, or <c>fields.</c> and the name of a contact's own field. The list is closed and checked before
/// Handlebars sees the text, so that neither the author nor a contact's data reaches anything else.
/// </summary>
public static partial class MergeFields
{
    /// <summary>More than any mail needs, few enough that compiling stays quick.</summary>
    private const int MaxExpressions = 1000;
    private const int MaxNesting = 8;

    /// <summary>Before the name of a contact's own field.</summary>
    private const string OwnPrefix = "fields.";

    public static FrozenSet<string> Known { get; } =
        FrozenSet.ToFrozenSet(["first_name", "last_name", "email", "unsubscribe_url"], StringComparer.Ordinal);

    /// <summary>Every name in the text that is neither a field nor a helper, in the order of appearance.</summary>
    public static IReadOnlyList<string> Unknown(string text) =>
        [
            .. Expressions(text)
                .Select(expression => UnknownName(expression.Body))
                .OfType<string>()
                .Distinct(StringComparer.Ordinal),
        ];

    /// <summary>Every field that is known, with how it is used, in the order of appearance. Never throws.</summary>
    public static IEnumerable<FieldUse> Uses(string text) =>
        Expressions(text)
            .Where(expression => UnknownName(expression.Body) is null)
            .Select(expression => FieldOf(expression.Body))
            .OfType<FieldUse>();

    /// <summary>The names of contacts' own fields in the texts, without <c>fields.</c>, each once; sorted. Never throws.</summary>
    public static IReadOnlyList<string> Own(params ReadOnlySpan<string?> texts)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            names.UnionWith(Uses(text ?? "").Select(use => OwnName(use.Field)).OfType<string>());
        }

        return [.. names];
    }

    /// <summary>As it is written between braces.</summary>
    public static string OwnField(string name) => OwnPrefix + name;

    /// <returns>The name of a contact's own field; null for any other field.</returns>
    public static string? OwnName(string field) =>
        field.StartsWith(OwnPrefix, StringComparison.Ordinal) && ContactFields.IsName(field[OwnPrefix.Length..])
            ? field[OwnPrefix.Length..]
            : null;

    /// <exception cref="TemplateException">Something between braces is not in the list, or blocks do not match.</exception>
    public static void Check(string text, bool inSubject)
    {
        var open = new Stack<(string Name, int Line, bool HasElse)>();
        var count = 0;
        foreach (var expression in Expressions(text))
        {
            if (++count > MaxExpressions)
            {
                throw Fault($"There are more than {MaxExpressions:N0} merge fields in it.", expression);
            }

            CheckForm(expression, inSubject);
            Follow(expression, open, inSubject);
        }

        if (open.TryPeek(out var block))
        {
            throw new TemplateException(
                $"{{{{#{block.Name}}}}} is never closed; it needs {{{{/{block.Name}}}}}.",
                block.Line,
                inSubject
            );
        }

        TemplateException Fault(string message, Expression at) => new(message, at.Line, inSubject);
    }

    private static void CheckForm(Expression expression, bool inSubject)
    {
        var shown = Shorten(expression.Body ?? "");
        var problem = expression switch
        {
            { Body: null } => "There is {{ without }} after it.",
            { AfterBackslash: true } => "A backslash before {{ is not supported.",
            { Body: ['{', ..] or ['&', ..] } =>
                "Write fields with two braces: what contacts bring is always escaped, so that nobody can put HTML into your mail.",
            { Body: ['!', ..] } => "Comments between braces are not supported; use <!-- and -->.",
            _ when UnknownName(expression.Body) is { } name =>
                $"There is no field or helper named \u201c{Shorten(name)}\u201d. "
                    + $"There are {string.Join(", ", Known.Order(StringComparer.Ordinal))}, and fields.name for your contacts\u2019 own fields.",
            _ when !Allowed().IsMatch(expression.Body!) =>
                $"\u201c{{{{{shown}}}}}\u201d is not understood. Write {{{{first_name}}}} or {{{{fallback first_name \"friend\"}}}}.",
            _ => null,
        };
        if (problem is not null)
        {
            throw new TemplateException(problem, expression.Line, inSubject);
        }
    }

    private static void Follow(Expression expression, Stack<(string Name, int Line, bool HasElse)> open, bool inSubject)
    {
        var body = expression.Body!.Trim('~', ' ');
        if (body.StartsWith('#'))
        {
            open.Push((body[1..].Split(' ')[0], expression.Line, HasElse: false));
            if (open.Count > MaxNesting)
            {
                throw new TemplateException(
                    $"Blocks are nested more than {MaxNesting} deep.",
                    expression.Line,
                    inSubject
                );
            }
        }
        else if (body.StartsWith('/'))
        {
            var name = body[1..].Trim();
            if (!open.TryPop(out var block) || block.Name != name)
            {
                throw new TemplateException($"{{{{/{name}}}}} closes nothing here.", expression.Line, inSubject);
            }
        }
        else if (body == "else")
        {
            if (!open.TryPop(out var block) || block.HasElse)
            {
                throw new TemplateException("{{else}} belongs to no block here.", expression.Line, inSubject);
            }

            open.Push(block with { HasElse = true });
        }
    }

    private static string? UnknownName(string? body)
    {
        if (body is null || Words().Match(body) is not { Success: true } words)
        {
            return null;
        }

        var (sigil, first) = (words.Groups["sigil"].Value, words.Groups["first"].Value);
        var second = words.Groups["second"].Value;
        var isField = sigil.Length == 0 && words.Groups["rest"].Value.Length == 0;
        return (sigil, first) switch
        {
            ("", "else") when isField => null,
            ("#" or "/", "if" or "unless") => NotAField(second),
            ("", "fallback") when !isField => NotAField(second),
            _ when isField => NotAField(first),
            _ => first,
        };

        static string? NotAField(string name) =>
            name.Length == 0 || Known.Contains(name) || OwnName(name) is not null ? null : name;
    }

    /// <returns>Null where no field stands: else, a helper that is not known, what is no helper at all.</returns>
    private static FieldUse? FieldOf(string? body)
    {
        if (body is null || Words().Match(body) is not { Success: true } words)
        {
            return null;
        }

        var (first, second) = (words.Groups["first"].Value, words.Groups["second"].Value);
        var isAlone = words.Groups["rest"].Value.Length == 0;
        return (words.Groups["sigil"].Value, first) switch
        {
            ("", "else") when isAlone => null,
            ("#", "if" or "unless") => new FieldUse(second, HowUsed.Asked),
            ("", "fallback") when !isAlone => new FieldUse(second, HowUsed.WithFallback),
            ("", _) when isAlone => new FieldUse(first, HowUsed.Bare),
            _ => null,
        };
    }

    private static string Shorten(string text) => text.Length <= 40 ? text : KeptText.Cut(text, 40) + "\u2026";

    private static IEnumerable<Expression> Expressions(string text)
    {
        var (line, counted) = (1, 0);
        for (var start = text.IndexOf("{{", StringComparison.Ordinal); start >= 0; )
        {
            line += text.AsSpan(counted, start - counted).Count('\n');
            counted = start;
            var end = text.IndexOf("}}", start + 2, StringComparison.Ordinal);
            var body = end < 0 ? null : text[(start + 2)..end];
            yield return new Expression(body, line, start > 0 && text[start - 1] == '\\');
            start = end < 0 ? -1 : text.IndexOf("{{", end + 2, StringComparison.Ordinal);
        }
    }

    [GeneratedRegex(
        """^~?[ ]*(?:#(?:if|unless)[ ]+(?:[a-z_]+|fields\.[a-z][a-z0-9_]*)|/(?:if|unless)|else|(?:[a-z_]+|fields\.[a-z][a-z0-9_]*)|fallback[ ]+(?:[a-z_]+|fields\.[a-z][a-z0-9_]*)[ ]+(?:"[^"{}\\\r\n]*"|'[^'{}\\\r\n]*'))[ ]*~?$""",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    )]
    private static partial Regex Allowed();

    [GeneratedRegex(
        """^~?\s*(?<sigil>[#/^>*]?)\s*(?<first>[\p{L}\p{N}_@.\-\[\]/]+)\s*(?<rest>(?<second>[\p{L}\p{N}_@.\-\[\]/]*).*?)\s*~?$""",
        RegexOptions.CultureInvariant | RegexOptions.Singleline,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Words();

    /// <param name="Body">What stands between the braces; null when they are never closed.</param>
    private sealed record Expression(string? Body, int Line, bool AfterBackslash);
}

/// <param name="Field">As it stands there, such as <c>first_name</c> or <c>fields.town</c>; empty when none does.</param>
public sealed record FieldUse(string Field, HowUsed How);

public enum HowUsed
{
    /// <summary>Its value and nothing else: it stays empty for whoever has none.</summary>
    Bare,

    /// <summary>With a text for those who have none.</summary>
    WithFallback,

    /// <summary>Another text depends on whether somebody has one.</summary>
    Asked,
}
