using System.Globalization;
using System.Text;

namespace ResendEmulator.Protocol;

/// <summary>Backslashes in JSON's strings.</summary>
internal static class JsonEscapes
{
    private const int UnicodeLength = 6;

    /// <param name="text">Begins with the backslash.</param>
    /// <returns>Bytes of the escape; 0 when it is none.</returns>
    public static int LengthOf(ReadOnlySpan<byte> text) =>
        text.Length < 2
            ? 0
            : text[1] switch
            {
                (byte)'"' or (byte)'\\' or (byte)'/' => 2,
                (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t' => 2,
                (byte)'u' when Unit(text) is not null => UnicodeLength,
                _ => 0,
            };

    /// <summary>The text as it is meant. Half a surrogate pair means nothing and stays as it was written.</summary>
    /// <param name="text">A string that the parser took, without its quotes.</param>
    /// <param name="meant">At least as long.</param>
    /// <returns>Bytes written.</returns>
    public static int Resolve(ReadOnlySpan<byte> text, Span<byte> meant)
    {
        var length = 0;
        while (text.IndexOf((byte)'\\') is var run and >= 0)
        {
            text[..run].CopyTo(meant[length..]);
            length += run;
            text = text[run..];
            var used = One(text, meant[length..], out var written);
            length += written;
            text = text[used..];
        }

        text.CopyTo(meant[length..]);
        return length + text.Length;
    }

    private static int One(ReadOnlySpan<byte> text, Span<byte> meant, out int written)
    {
        written = 1;
        if (text[1] != 'u')
        {
            meant[0] = text[1] switch
            {
                (byte)'b' => (byte)'\b',
                (byte)'f' => (byte)'\f',
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                var itself => itself,
            };
            return 2;
        }

        var unit = Unit(text)!.Value;
        if (Rune.TryCreate(unit, out var rune))
        {
            written = rune.EncodeToUtf8(meant);
            return UnicodeLength;
        }

        var rest = text[UnicodeLength..];
        if (rest is [(byte)'\\', (byte)'u', ..] && Unit(rest) is { } low && Rune.TryCreate(unit, low, out rune))
        {
            written = rune.EncodeToUtf8(meant);
            return 2 * UnicodeLength;
        }

        text[..UnicodeLength].CopyTo(meant);
        written = UnicodeLength;
        return UnicodeLength;
    }

    private static char? Unit(ReadOnlySpan<byte> text) =>
        text.Length >= UnicodeLength
        && ushort.TryParse(
            text[2..UnicodeLength],
            NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture,
            out var unit
        )
            ? (char)unit
            : null;
}
