using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using ResendEmulator.Protocol;

namespace ResendEmulator.Sending;

/// <summary>
/// "The same payload" is the hash of the body with sorted members, without white space and with its strings as they are
/// meant: however they were escaped.
/// </summary>
public static class CanonicalJson
{
    public static string Hash(JsonTree? json, ReadOnlySpan<byte> raw)
    {
        if (json is null)
        {
            return Convert.ToHexStringLower(SHA256.HashData(raw));
        }

        using var form = new Form(raw.Length + (raw.Length / 4) + 256);
        form.Write(json.Root);
        return Convert.ToHexStringLower(SHA256.HashData(form.Written));
    }

    // Not JSON again, which would have to be escaped again: each value is its kind, its length and itself.
    private sealed class Form(int expected) : IDisposable
    {
        private byte[] _buffer = ArrayPool<byte>.Shared.Rent(expected);
        private int _length;

        public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

        public void Write(JsonPart value)
        {
            switch (value.Kind)
            {
                case JsonValueKind.Object:
                    WriteMembers(value);
                    break;
                case JsonValueKind.Array:
                    Head('[', value.Count);
                    foreach (var item in value.Items)
                    {
                        Write(item);
                    }

                    break;
                case JsonValueKind.String:
                    WriteText(value);
                    break;
                default:
                    Append('v', value.Written);
                    break;
            }
        }

        public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

        private void WriteMembers(JsonPart value)
        {
            Head('{', value.Count);
            var all = new List<(string Name, JsonPart Value)>(value.Count);
            var members = value.Members;
            while (members.MoveNext())
            {
                var name = members.Current.Text!;
                members.MoveNext();
                all.Add((name, members.Current));
            }

            // Stable: of two members with one name the later one counts, and stays the later one.
            foreach (var (name, member) in all.OrderBy(member => member.Name, StringComparer.Ordinal))
            {
                Append('k', MemoryMarshal.AsBytes(name.AsSpan()));
                Write(member);
            }
        }

        private void WriteText(JsonPart text)
        {
            var head = _length;
            Append('s', text.Written);
            if (text.IsEscaped)
            {
                var start = head + HeadBytes;
                _length = start + JsonEscapes.Resolve(text.Written, _buffer.AsSpan(start));
                BitConverter.TryWriteBytes(_buffer.AsSpan(head + 1), _length - start);
            }
        }

        private void Append(char kind, ReadOnlySpan<byte> bytes)
        {
            Head(kind, bytes.Length);
            Room(bytes.Length);
            bytes.CopyTo(_buffer.AsSpan(_length));
            _length += bytes.Length;
        }

        private const int HeadBytes = 5;

        private void Head(char kind, int length)
        {
            Room(HeadBytes);
            _buffer[_length] = (byte)kind;
            BitConverter.TryWriteBytes(_buffer.AsSpan(_length + 1), length);
            _length += HeadBytes;
        }

        private void Room(int more)
        {
            if (_length + more <= _buffer.Length)
            {
                return;
            }

            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + more, _buffer.Length * 2));
            Written.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }
}
