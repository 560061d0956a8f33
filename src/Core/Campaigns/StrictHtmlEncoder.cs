using System.Text;
using HandlebarsDotNet;

namespace Ledgerpost.Campaigns;

/// <summary>Also quotes and backtick, so that a value cannot leave a quoted attribute.</summary>
internal sealed class StrictHtmlEncoder : ITextEncoder
{
    public IFormatProvider? FormatProvider => null;

    public void Encode(StringBuilder? text, TextWriter target) => Encode(text?.ToString(), target);

    public void Encode(string? text, TextWriter target)
    {
        foreach (var character in text ?? "")
        {
            Encode(character, target);
        }
    }

    public void Encode<T>(T? text, TextWriter target)
        where T : IEnumerator<char>
    {
        while (text?.MoveNext() == true)
        {
            Encode(text.Current, target);
        }
    }

    private static void Encode(char character, TextWriter target)
    {
        switch (character)
        {
            case '&':
                target.Write("&amp;");
                break;
            case '<':
                target.Write("&lt;");
                break;
            case '>':
                target.Write("&gt;");
                break;
            case '"':
                target.Write("&quot;");
                break;
            case '\'':
                target.Write("&#39;");
                break;
            case '`':
                target.Write("&#96;");
                break;
            default:
                target.Write(character);
                break;
        }
    }
}
