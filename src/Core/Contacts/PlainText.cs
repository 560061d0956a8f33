using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Ledgerpost.Contacts;

/// <summary>
/// One line of text that a person typed: trimmed, and without what could end a mail header (CR, LF, NUL) or make it read
/// as something else than it is (bidi controls).
/// </summary>
public static class PlainText
{
    /// <param name="field">Its name in the sentence, such as <c>first name</c>.</param>
    /// <param name="maxLength">In UTF-16 units, as the database counts.</param>
    /// <param name="plain">Null where nothing but white space was typed.</param>
    public static bool TryParse(
        string? text,
        string field,
        int maxLength,
        out string? plain,
        [NotNullWhen(false)] out string? reason
    )
    {
        plain = null;
        reason = null;
        var trimmed = (text ?? "").Trim();
        foreach (var rune in trimmed.EnumerateRunes())
        {
            if (Forbidden(rune))
            {
                reason = $"The {field} contains a character that is not allowed (U+{rune.Value:X4}).";
                return false;
            }
        }

        if (trimmed.Length > maxLength)
        {
            reason = $"The {field} is longer than {maxLength} characters.";
            return false;
        }

        plain = trimmed.Length == 0 ? null : trimmed;
        return true;
    }

    /// <summary>What nobody has checked, as it can be kept: one line, without halves of characters, cut where it is too long.</summary>
    /// <param name="maxLength">In UTF-16 units.</param>
    public static string Kept(string text, int maxLength)
    {
        var kept = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (kept.Length + rune.Utf16SequenceLength > maxLength)
            {
                break;
            }

            kept.Append((Forbidden(rune) ? Rune.ReplacementChar : rune).ToString());
        }

        return kept.ToString();
    }

    /// <summary>Why a text of many lines cannot be stored as it is: NUL, or half of a surrogate pair; null when it can.</summary>
    public static string? CannotBeKept(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (text[i] == '\0' || char.IsSurrogate(text[i]))
            {
                return $"It contains a character that cannot be kept (U+{(int)text[i]:X4}).";
            }
        }

        return null;
    }

    // Zero-width joiners stay: names in Persian or Hindi, and emoji, are spelled with them.
    private static bool Forbidden(Rune rune) =>
        rune.Value is 0xFFFD or 0x061C or 0x200E or 0x200F or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069)
        || Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Surrogate
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;
}
