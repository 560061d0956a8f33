using System.Buffers;
using System.Text.Json;

namespace ResendEmulator.Protocol;

/// <summary>Finds the nodes of a <see cref="JsonTree"/>, and refuses what is no JSON.</summary>
internal ref struct JsonParser(ReadOnlySpan<byte> text)
{
    private const int Deepest = 64;

    private static readonly SearchValues<byte> EndsOfRun = SearchValues.Create([
        (byte)'"',
        (byte)'\\',
        .. Enumerable.Range(0, ' ').Select(i => (byte)i),
    ]);

    private readonly ReadOnlySpan<byte> _text = text;
    private int _at;
    private int _count;

    /// <summary>Borrowed from the shared pool.</summary>
    public JsonTree.Node[] Nodes { get; private set; } = ArrayPool<JsonTree.Node>.Shared.Rent(64);

    /// <summary>One value and nothing else but white space.</summary>
    public bool Whole() => Value(0) && !Space();

    private bool Value(int depth)
    {
        if (!Space())
        {
            return false;
        }

        return _text[_at] switch
        {
            (byte)'{' => Many(JsonValueKind.Object, (byte)'}', depth),
            (byte)'[' => Many(JsonValueKind.Array, (byte)']', depth),
            (byte)'"' => String(),
            (byte)'t' => Literal("true"u8, JsonValueKind.True),
            (byte)'f' => Literal("false"u8, JsonValueKind.False),
            (byte)'n' => Literal("null"u8, JsonValueKind.Null),
            _ => Number(),
        };
    }

    private bool Many(JsonValueKind kind, byte end, int depth)
    {
        var (node, start, count) = (_count, _at, 0);
        Add(kind, start, 0);
        _at++;
        if (depth == Deepest || !Space())
        {
            return false;
        }

        if (_text[_at] != end)
        {
            do
            {
                if (!(kind == JsonValueKind.Object ? Member(depth) : Value(depth + 1)) || !Space())
                {
                    return false;
                }

                count++;
            } while (_text[_at] == ',' && ++_at > 0);
        }

        if (_text[_at] != end)
        {
            return false;
        }

        _at++;
        Nodes[node] = new JsonTree.Node(kind, start, _at - start, _count, count, Escaped: false);
        return true;
    }

    private bool Member(int depth)
    {
        if (!Space() || _text[_at] != '"' || !String() || !Space() || _text[_at] != ':')
        {
            return false;
        }

        _at++;
        return Value(depth + 1);
    }

    private bool String()
    {
        var start = ++_at;
        var escaped = false;
        while (true)
        {
            var run = _text[_at..].IndexOfAny(EndsOfRun);
            if (run < 0)
            {
                return false;
            }

            _at += run;
            switch (_text[_at])
            {
                case (byte)'"':
                    Add(JsonValueKind.String, start, _at - start, escaped);
                    _at++;
                    return true;
                case (byte)'\\' when JsonEscapes.LengthOf(_text[_at..]) is var length and > 0:
                    escaped = true;
                    _at += length;
                    break;
                default:
                    return false;
            }
        }
    }

    private bool Literal(ReadOnlySpan<byte> literal, JsonValueKind kind)
    {
        if (!_text[_at..].StartsWith(literal))
        {
            return false;
        }

        Add(kind, _at, literal.Length);
        _at += literal.Length;
        return true;
    }

    private bool Number()
    {
        var start = _at;
        _ = Skip('-');
        var good = Skip('0') || Digits();
        good = good && (!Skip('.') || Digits());
        if (good && (Skip('e') || Skip('E')))
        {
            _ = Skip('+') || Skip('-');
            good = Digits();
        }

        Add(JsonValueKind.Number, start, _at - start);
        return good;
    }

    private bool Digits()
    {
        var start = _at;
        while (_at < _text.Length && char.IsAsciiDigit((char)_text[_at]))
        {
            _at++;
        }

        return _at > start;
    }

    private bool Skip(char one)
    {
        var there = _at < _text.Length && _text[_at] == one;
        _at += there ? 1 : 0;
        return there;
    }

    /// <returns>Whether anything follows it.</returns>
    private bool Space()
    {
        while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            _at++;
        }

        return _at < _text.Length;
    }

    private void Add(JsonValueKind kind, int start, int length, bool escaped = false)
    {
        if (_count == Nodes.Length)
        {
            var larger = ArrayPool<JsonTree.Node>.Shared.Rent(_count * 2);
            Nodes.CopyTo(larger, 0);
            ArrayPool<JsonTree.Node>.Shared.Return(Nodes);
            Nodes = larger;
        }

        Nodes[_count++] = new JsonTree.Node(kind, start, length, _count, 0, escaped);
    }
}
