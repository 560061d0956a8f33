using System.Text;
using System.Text.Json;

namespace ResendEmulator.Protocol;

/// <summary>A value in a <see cref="JsonTree"/>; the default is a value that is not there.</summary>
public readonly struct JsonPart(JsonTree tree, int index)
{
    public JsonValueKind Kind => tree is null ? JsonValueKind.Undefined : tree.At(index).Kind;

    public bool IsText => Kind == JsonValueKind.String;

    /// <summary>Members or items.</summary>
    public int Count => tree.At(index).Count;

    /// <summary>As written; of a string what is between its quotes.</summary>
    public ReadOnlySpan<byte> Written => tree.Text(tree.At(index).Start, tree.At(index).Length);

    /// <summary>A string's quotes hold a backslash.</summary>
    public bool IsEscaped => tree.At(index).Escaped;

    /// <summary>Of a string: as it is meant.</summary>
    public ReadOnlySpan<byte> Bytes
    {
        get
        {
            if (!IsEscaped)
            {
                return Written;
            }

            var meant = new byte[Written.Length];
            return meant.AsSpan(0, JsonEscapes.Resolve(Written, meant));
        }
    }

    /// <summary>Of a string; <c>null</c> for anything else.</summary>
    public string? Text => IsText ? Encoding.UTF8.GetString(Bytes) : null;

    /// <summary>Items of a list, nothing of anything else.</summary>
    public Children Items => new(tree, index, JsonValueKind.Array);

    /// <summary>Names and values of an object, in turn; nothing of anything else.</summary>
    public Children Members => new(tree, index, JsonValueKind.Object);

    /// <summary>The last member of that name.</summary>
    public JsonPart Member(ReadOnlySpan<byte> name)
    {
        JsonPart found = default;
        var members = Members;
        while (members.MoveNext())
        {
            var wanted = members.Current.Bytes.SequenceEqual(name);
            members.MoveNext();
            found = wanted ? members.Current : found;
        }

        return found;
    }

    /// <summary>Walks over what is directly in a value.</summary>
    public struct Children
    {
        private readonly JsonTree _tree;
        private readonly int _end;
        private int _at;
        private int _next;

        internal Children(JsonTree tree, int index, JsonValueKind kind)
        {
            _tree = tree;
            _at = -1;
            if (tree is not null && tree.At(index).Kind == kind)
            {
                (_next, _end) = (index + 1, tree.At(index).Next);
            }
        }

        public readonly JsonPart Current => new(_tree, _at);

        public readonly Children GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_next >= _end)
            {
                return false;
            }

            _at = _next;
            _next = _tree.At(_at).Next;
            return true;
        }
    }
}
