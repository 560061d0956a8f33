using System.Security.Cryptography;
using System.Text;

namespace Ledgerpost.Data;

/// <summary>
/// The same id for the same thing, however often it is made: its time in front, so that an index grows at its end, and a
/// hash of its name behind.
/// </summary>
internal static class TimedId
{
    public static Guid Of(DateTimeOffset at, string name)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(name))[..16];
        var milliseconds = Math.Max(0, at.ToUnixTimeMilliseconds());
        for (var i = 0; i < 6; i++)
        {
            bytes[i] = (byte)(milliseconds >> (8 * (5 - i)));
        }

        // A version of its own kind (8), as a time with a hash is.
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
