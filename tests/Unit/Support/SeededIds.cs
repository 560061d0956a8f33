using System.Buffers.Binary;
using Ledgerpost;

namespace UnitTests.Support;

/// <summary>Counts upwards, so that a test's rows have the same ids in every run.</summary>
public sealed class SeededIds : IIds
{
    private int _last;

    public Guid New()
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(12), Interlocked.Increment(ref _last));
        bytes[6] = 0x70;
        bytes[8] = 0x80;
        return new Guid(bytes, bigEndian: true);
    }
}
