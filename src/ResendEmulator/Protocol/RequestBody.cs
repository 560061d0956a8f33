using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace ResendEmulator.Protocol;

/// <summary>A request's body in borrowed memory: a batch is nearly a megabyte, and there are hundreds a second.</summary>
internal sealed class RequestBody : IDisposable
{
    private byte[] _buffer = [];
    private int _length;

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <returns>False when the caller went away before its end.</returns>
    public async Task<bool> ReadAsync(HttpContext http)
    {
        try
        {
            // One more than announced: the end is seen without asking for more memory.
            Grow((int)(http.Request.ContentLength ?? 4095) + 1);
            while (
                await http.Request.Body.ReadAsync(_buffer.AsMemory(_length), http.RequestAborted) is var read and > 0
            )
            {
                _length += read;
                if (_length == _buffer.Length)
                {
                    Grow(_length * 2);
                }
            }

            return true;
        }
        catch (Exception broken) when (broken is IOException or OperationCanceledException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            (_buffer, _length) = ([], 0);
        }
    }

    private void Grow(int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(length);
        Bytes.CopyTo(larger);
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = larger;
    }
}
