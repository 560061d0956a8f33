using System.Buffers;
using System.IO.Compression;

namespace ResendEmulator.Storage;

/// <summary>Bodies are kept compressed: a batch is one text repeated a hundred times, farther apart than Deflate looks back.</summary>
internal static class Packed
{
    // Both bits of a Deflate stream's block type, which is no block type: nothing that was kept in Deflate begins like this.
    private const byte Brotli = 0b0000_0110;
    private const int Quality = 1;
    private const int Window = 22;

    public static byte[] Pack(ReadOnlySpan<byte> body)
    {
        var most = BrotliEncoder.GetMaxCompressedLength(body.Length) + 1;
        var buffer = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            if (!BrotliEncoder.TryCompress(body, buffer.AsSpan(1), out var length, Quality, Window))
            {
                throw new InvalidOperationException("A body could not be compressed.");
            }

            buffer[0] = Brotli;
            return buffer.AsSpan(0, length + 1).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public static byte[] Unpack(byte[] packed)
    {
        using var source = Open(packed);
        using var body = new MemoryStream();
        source.CopyTo(body);
        return body.ToArray();
    }

    private static Stream Open(byte[] packed) =>
        packed is [Brotli, ..]
            ? new BrotliStream(new MemoryStream(packed, 1, packed.Length - 1), CompressionMode.Decompress)
            : new DeflateStream(new MemoryStream(packed), CompressionMode.Decompress);
}
