using System.Globalization;
using System.Security.Cryptography;

namespace ResendEmulator.Hosting;

/// <summary>Version-7 ids on the emulator's clock; reproducible when a seed is given.</summary>
public sealed class EmulatorIds(EmulatorClock clock, int? seed)
{
    private Random? _seeded = seed is { } value ? new Random(value) : null;
    private readonly Lock _lock = new();

    /// <summary>A restart must not give the ids of the run before again: the salt is how far that run came.</summary>
    public void Continue(long salt)
    {
        lock (_lock)
        {
            _seeded = seed is { } value ? new Random(unchecked(value + ((int)salt * 7919))) : null;
        }
    }

    public string New()
    {
        Span<byte> bytes = stackalloc byte[16];
        Fill(bytes);
        var milliseconds = clock.GetUtcNow().ToUnixTimeMilliseconds();
        for (var i = 0; i < 6; i++)
        {
            bytes[i] = (byte)(milliseconds >> (8 * (5 - i)));
        }

        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x70);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString("D", CultureInfo.InvariantCulture);
    }

    /// <summary>The same id for the same name, on every machine and after every reset.</summary>
    public static string Stable(string name)
    {
        var bytes = SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)).AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString("D", CultureInfo.InvariantCulture);
    }

    public string NewSecret()
    {
        Span<byte> bytes = stackalloc byte[24];
        Fill(bytes);
        return "whsec_" + Convert.ToBase64String(bytes);
    }

    private void Fill(Span<byte> bytes)
    {
        if (_seeded is null)
        {
            RandomNumberGenerator.Fill(bytes);
            return;
        }

        lock (_lock)
        {
            _seeded.NextBytes(bytes);
        }
    }
}
