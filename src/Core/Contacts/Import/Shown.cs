using System.Globalization;
using System.Text;

namespace Ledgerpost.Contacts.Import;

/// <summary>Foreign text as a report may show it: what cannot be seen, or would turn the text around, is spelled out.</summary>
internal static class Shown
{
    /// <param name="max">Characters kept of the original.</param>
    public static string Visible(string text, int max)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (max-- <= 0)
            {
                return shown.Append('…').ToString();
            }

            if (
                Rune.GetUnicodeCategory(rune)
                is UnicodeCategory.Control
                    or UnicodeCategory.Format
                    or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator
                    or UnicodeCategory.PrivateUse
                    or UnicodeCategory.OtherNotAssigned
            )
            {
                shown.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}");
            }
            else
            {
                shown.Append(rune.ToString());
            }
        }

        return shown.ToString();
    }
}
