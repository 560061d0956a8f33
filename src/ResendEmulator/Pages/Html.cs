using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace ResendEmulator.Pages;

/// <summary>Markup that is safe to write. Whatever is put into it is encoded, unless it is markup itself.</summary>
public sealed class Html
{
    private readonly string _markup;

    private Html(string markup) => _markup = markup;

    public static Html Empty { get; } = new("");

    /// <summary>Every hole of the text is encoded.</summary>
    public static Html Of(Markup text) => new(text.ToString());

    public static Html Join(IEnumerable<Html> parts) => new(string.Concat(parts.Select(part => part._markup)));

    public static Html operator +(Html left, Html right) => new(left._markup + right._markup);

    public static Html Add(Html left, Html right) => left + right;

    public override string ToString() => _markup;

    /// <summary>Collects literal markup as it stands and encodes the values in between.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Markup(int literalLength, int formattedCount)
    {
        private readonly StringBuilder _text = new(literalLength + (formattedCount * 16));

        public void AppendLiteral(string value) => _text.Append(value);

        public void AppendFormatted(Html value) => _text.Append(value._markup);

        public void AppendFormatted<T>(T value) =>
            _text.Append(HtmlEncoder.Default.Encode(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));

        public void AppendFormatted<T>(T value, string format)
            where T : IFormattable =>
            _text.Append(HtmlEncoder.Default.Encode(value.ToString(format, CultureInfo.InvariantCulture)));

        public override string ToString() => _text.ToString();
    }
}
