using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace Ledgerpost.Campaigns;

/// <summary>
/// Characters that stand for a person's values while a mail is rendered once for many: private-use ones, which no
/// template may hold. Putting the values in their places afterwards gives the same mail as rendering it anew, which takes
/// 350 µs for 4 KB of HTML; <see cref="MailTemplate.RenderPlaces"/> says where that is so.
/// </summary>
public static partial class MailPlaces
{
    public const char FirstName = '\uE000';
    public const char LastName = '\uE001';
    public const char Email = '\uE002';
    public const char UnsubscribeUrl = '\uE003';

    /// <summary>More are for whoever puts the rendered mail into something larger.</summary>
    public const char FirstFree = '\uE010';

    /// <summary>A template's own fields, in their order.</summary>
    public const char FirstOwn = '\uE020';

    public const int MostOwn = 60;

    private const char Last = '\uE0FF';

    public static bool IsPlace(char character) => character is >= FirstName and <= Last;

    /// <summary>
    /// A value that stays as it is wherever it is put: nothing to clean, nothing that collapses, and not empty, since a
    /// field without value may choose another text.
    /// </summary>
    public static bool IsPlain(string value)
    {
        if (value.Length == 0 || value[0] == ' ' || value[^1] == ' ')
        {
            return false;
        }

        for (var i = 0; i < value.Length; i++)
        {
            var character = value[i];
            if (character == ' ' ? value[i + 1] == ' ' : !IsPlain(character))
            {
                return false;
            }

            if (char.IsSurrogate(character) && (i + 1 == value.Length || !char.IsSurrogatePair(character, value[++i])))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// True when every place in the HTML is text of its own, or the whole target of a link: then no value, which is
    /// escaped, can change what the elements around it are.
    /// </summary>
    internal static bool AreText(string html)
    {
        if (AfterAmpersand().IsMatch(html))
        {
            return false;
        }

        using var document = new HtmlParser().ParseDocument(html);
        var found = 0;
        foreach (var node in document.Descendants())
        {
            found += node switch
            {
                IText text => text.Data.Count(IsPlace),
                IElement element when element.GetAttribute("href") is [UnsubscribeUrl] => 1,
                _ => 0,
            };
        }

        return found == html.Count(IsPlace);
    }

    private static bool IsPlain(char character) =>
        !char.IsControl(character)
        && !char.IsWhiteSpace(character)
        && !IsPlace(character)
        && character is not (>= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069');

    // "&" before a place and the value behind it would be read together, as one character reference.
    [GeneratedRegex("&[#0-9A-Za-z]*[\uE000-\uE0FF]", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AfterAmpersand();
}
