using System.IO.Compression;

namespace ResendEmulator.Storage;

/// <summary>Bodies are kept compressed: a batch is one text repeated a hundred times.</summary>
internal static class Packed
{
    public static byte[] Pack(ReadOnlySpan<byte> body)
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(body);
        }

        return packed.ToArray();
    }

    public static byte[] Unpack(byte[] packed)
    {
        using var source = new DeflateStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var body = new MemoryStream();
        source.CopyTo(body);
        return body.ToArray();
    }
}
