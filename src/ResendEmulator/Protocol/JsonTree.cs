using System.Buffers;
using System.Text.Json;

namespace ResendEmulator.Protocol;

/// <summary>
/// JSON as places in its text, read in one pass. <see cref="JsonDocument"/> looks at every byte of a string after its first
/// escape, and a mail is little else: half of what the emulator did was that.
/// </summary>
public sealed class JsonTree : IDisposable
{
    private readonly ReadOnlyMemory<byte> _text;
    private Node[] _nodes;

    private JsonTree(ReadOnlyMemory<byte> text, Node[] nodes)
    {
        _text = text;
        _nodes = nodes;
    }

    public JsonPart Root => new(this, 0);

    /// <returns>Null when it is not JSON: one value and nothing else but white space.</returns>
    public static JsonTree? Parse(ReadOnlyMemory<byte> text)
    {
        var parser = new JsonParser(text.Span);
        if (parser.Whole())
        {
            return new JsonTree(text, parser.Nodes);
        }

        ArrayPool<Node>.Shared.Return(parser.Nodes);
        return null;
    }

    public void Dispose()
    {
        if (_nodes.Length > 0)
        {
            ArrayPool<Node>.Shared.Return(_nodes);
            _nodes = [];
        }
    }

    internal ref readonly Node At(int index) => ref _nodes[index];

    internal ReadOnlySpan<byte> Text(int start, int length) => _text.Span.Slice(start, length);

    /// <param name="Start">Of a string: after its quote.</param>
    /// <param name="Next">The index behind it and all that is in it. A member is its name, and its value behind that.</param>
    internal readonly record struct Node(JsonValueKind Kind, int Start, int Length, int Next, int Count, bool Escaped);
}
