using System.Globalization;
using System.Text;

namespace Ledgerpost.Contacts;

/// <summary>Text as a search compares it: lower case and without accents, so that "Åsa" is found by "asa".</summary>
public static class SearchText
{
    public static string Of(params ReadOnlySpan<string?> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            if (!string.IsNullOrEmpty(part))
            {
                text.Append(text.Length == 0 ? "" : " ").Append(Fold(part));
            }
        }

        return text.ToString();
    }

    /// <summary>What was typed into a search field, word by word; at most eight words count.</summary>
    public static IReadOnlyList<string> Words(string? typed) =>
        [
            .. Fold(typed ?? "")
                .Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Take(8),
        ];

    private static string Fold(string text)
    {
        if (System.Text.Ascii.IsValid(text))
        {
            return text.ToLowerInvariant();
        }

        var folded = new StringBuilder(text.Length);
        foreach (var character in text.Normalize(NormalizationForm.FormD))
        {
            if (CharUnicodeInfo.GetUnicodeCategory(character) != UnicodeCategory.NonSpacingMark)
            {
                folded.Append(char.ToLowerInvariant(character));
            }
        }

        return folded.ToString().Normalize(NormalizationForm.FormC);
    }
}
