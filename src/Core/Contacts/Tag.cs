using System.Diagnostics.CodeAnalysis;

namespace Ledgerpost.Contacts;

/// <summary>A tag's one form: trimmed, lower case, inner white space folded to one blank, at most 64 characters.</summary>
public static class Tag
{
    public const int MaxLength = 64;

    /// <param name="reason">Why not, as a sentence that can stand under a field.</param>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out string? tag,
        [NotNullWhen(false)] out string? reason
    )
    {
        tag = null;
        if (!PlainText.TryParse(text, "tag", MaxLength, out var plain, out reason))
        {
            return false;
        }

        if (plain is null)
        {
            reason = "The tag is empty.";
            return false;
        }

        if (plain.AsSpan().IndexOfAny(',', ';') >= 0)
        {
            reason = "A tag may not contain a comma or a semicolon: they separate tags.";
            return false;
        }

        tag = string.Join(' ', plain.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();
        return true;
    }

    /// <summary>Several tags as typed in one field, separated by commas or semicolons; empty parts are left out.</summary>
    public static bool TryParseList(
        string? text,
        out IReadOnlyList<string> tags,
        [NotNullWhen(false)] out string? reason
    )
    {
        return TryParseEach(
            (text ?? "").Split([',', ';']).Where(part => !string.IsNullOrWhiteSpace(part)),
            out tags,
            out reason
        );
    }

    /// <summary>Several tags, each by itself; the same one twice is one.</summary>
    public static bool TryParseEach(
        IEnumerable<string?> typed,
        out IReadOnlyList<string> tags,
        [NotNullWhen(false)] out string? reason
    )
    {
        reason = null;
        var found = new List<string>();
        tags = found;
        foreach (var part in typed)
        {
            if (!TryParse(part, out var tag, out reason))
            {
                return false;
            }

            if (!found.Contains(tag, StringComparer.Ordinal))
            {
                found.Add(tag);
            }
        }

        return true;
    }
}
