using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Ledgerpost.Contacts;

/// <summary>
/// An address as typed and as compared. Compared means: ASCII letters folded to lower case, the domain in its IDNA
/// (punycode) form, and nothing else; dots and plus-tags stay, since only the mailbox's own server knows what they mean.
/// </summary>
public sealed record EmailAddress
{
    private static readonly IdnMapping Idna = new() { UseStd3AsciiRules = true, AllowUnassigned = false };

    private EmailAddress(string typed, string normalized)
    {
        Typed = typed;
        Normalized = normalized;
    }

    /// <summary>Trimmed; the domain in ASCII, as the provider needs it.</summary>
    public string Typed { get; }

    public string Normalized { get; }

    /// <param name="reason">Why not, as a sentence that can stand under a field.</param>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out EmailAddress? address,
        [NotNullWhen(false)] out string? reason
    )
    {
        address = null;
        var trimmed = (text ?? "").Trim(' ', '\t');
        reason = Problem(trimmed);
        if (reason is not null)
        {
            return false;
        }

        var at = trimmed.LastIndexOf('@');
        var local = trimmed[..at];
        if (!TryAsciiDomain(trimmed[(at + 1)..], out var domain, out reason))
        {
            return false;
        }

        if (local.Length + 1 + domain.Length > 254)
        {
            reason = "The address is longer than 254 characters.";
            return false;
        }

        address = new EmailAddress($"{local}@{domain}", $"{FoldAscii(local)}@{domain}");
        return true;
    }

    private static string? Problem(string text)
    {
        if (text.Length == 0)
        {
            return "The address is empty.";
        }

        foreach (var rune in text.EnumerateRunes())
        {
            if (Forbidden(rune))
            {
                return rune.Value == ' '
                    ? "The address contains a blank."
                    : $"The address contains a character that is not allowed (U+{rune.Value:X4}).";
            }
        }

        var at = text.LastIndexOf('@');
        if (at <= 0 || at == text.Length - 1)
        {
            return "The address needs a name, an @ and a domain.";
        }

        var local = text[..at];
        if (local.Length > 64)
        {
            return "The part before the @ is longer than 64 characters.";
        }

        if (local[0] == '.' || local[^1] == '.' || local.Contains("..", StringComparison.Ordinal))
        {
            return "The part before the @ has a dot at its start, at its end, or two in a row.";
        }

        foreach (var character in local)
        {
            if (
                !char.IsAsciiLetterOrDigit(character)
                && !"!#$%&'*+-/=?^_`{|}~.".Contains(character, StringComparison.Ordinal)
            )
            {
                return $"The part before the @ may not contain \u201c{character}\u201d.";
            }
        }

        return null;
    }

    // CR, LF and NUL end headers; bidi controls and zero-width characters make two addresses look like one.
    private static bool Forbidden(Rune rune) =>
        rune.Value == 0xFFFD
        || Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.Surrogate
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.OtherNotAssigned
        || (Rune.IsWhiteSpace(rune));

    private static bool TryAsciiDomain(string domain, out string ascii, [NotNullWhen(false)] out string? reason)
    {
        reason = null;
        try
        {
            ascii = FoldAscii(Idna.GetAscii(domain.Normalize(NormalizationForm.FormC)));
        }
        catch (ArgumentException)
        {
            ascii = "";
        }

        var labels = ascii.Split('.');
        if (
            ascii.Length is 0 or > 253
            || labels.Length < 2
            || labels.Any(label => !ValidLabel(label))
            || labels[^1].All(char.IsAsciiDigit)
        )
        {
            reason = $"\u201c{domain}\u201d is not a domain that can receive mail.";
            return false;
        }

        return true;
    }

    private static bool ValidLabel(string label) =>
        label.Length is > 0 and <= 63
        && label[0] != '-'
        && label[^1] != '-'
        && label.All(character => char.IsAsciiLetterOrDigit(character) || character == '-');

    private static string FoldAscii(string text) =>
        string.Create(
            text.Length,
            text,
            static (span, source) =>
            {
                for (var i = 0; i < span.Length; i++)
                {
                    span[i] = char.IsAsciiLetterUpper(source[i]) ? (char)(source[i] | 0x20) : source[i];
                }
            }
        );
}
