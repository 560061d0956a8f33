using System.Text;

namespace Ledgerpost.Contacts.Import;

/// <summary>A line of the file. <paramref name="Problem"/> says why its text cannot be used.</summary>
/// <param name="Number">From 1, as an editor counts.</param>
/// <param name="End">Position in the file behind its line break, in bytes.</param>
internal sealed record CsvLine(int Number, string Text, string? Problem, long End);

/// <summary>
/// Lines out of a stream of bytes, from any position, with bounded memory. On bytes and not on text, because a position
/// to go on from after a crash must be one of the file.
/// </summary>
internal sealed class CsvLineReader
{
    /// <summary>In bytes; a longer line is reported and skipped.</summary>
    public const int MaxLine = 64 * 1024;

    private static readonly UTF8Encoding Strict = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true
    );

    private readonly Stream _stream;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly byte[] _line = new byte[MaxLine];
    private int _next;
    private int _filled;
    private long _position;
    private int _number;

    /// <param name="position">Where to start: behind a line break, or at 0.</param>
    /// <param name="lines">Lines before that.</param>
    public CsvLineReader(Stream stream, long position, int lines)
    {
        _stream = stream;
        _stream.Position = position;
        _position = position;
        _number = lines;
    }

    /// <returns>Null at the end of the file.</returns>
    public CsvLine? Read()
    {
        var length = 0;
        var any = false;
        var tooLong = false;
        while (TakeByte() is { } value)
        {
            any = true;
            if (value is (byte)'\n' or (byte)'\r')
            {
                if (value == '\r' && PeekByte() == '\n')
                {
                    TakeByte();
                }

                break;
            }

            if (length < MaxLine)
            {
                _line[length++] = value;
            }
            else
            {
                tooLong = true;
            }
        }

        return any ? Line(length, tooLong) : null;
    }

    private CsvLine Line(int length, bool tooLong)
    {
        _number++;
        if (tooLong)
        {
            return new CsvLine(_number, "", $"The line is longer than {MaxLine:N0} bytes.", _position);
        }

        try
        {
            return new CsvLine(_number, Strict.GetString(_line, 0, length), null, _position);
        }
        catch (DecoderFallbackException)
        {
            return new CsvLine(
                _number,
                Encoding.UTF8.GetString(_line, 0, length),
                "The line is not UTF-8 text. Save the file as “CSV UTF-8”.",
                _position
            );
        }
    }

    private byte? TakeByte()
    {
        if (PeekByte() is not { } value)
        {
            return null;
        }

        _next++;
        _position++;
        return value;
    }

    private byte? PeekByte()
    {
        if (_next == _filled)
        {
            _next = 0;
            _filled = _stream.Read(_buffer);
        }

        return _filled == 0 ? null : _buffer[_next];
    }
}
