using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Ledgerpost.Identity;

/// <summary>Time-based one-time passwords (RFC 6238) as every authenticator app computes them: SHA-1, 30 s, six digits.</summary>
public static class Totp
{
    public const int Digits = 6;
    public static readonly TimeSpan Step = TimeSpan.FromSeconds(30);

    private const string Base32Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>160 random bits in base 32, as apps take them.</summary>
    public static string NewSecret() => RandomNumberGenerator.GetString(Base32Letters, 32);

    public static string Code(string secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
#pragma warning disable CA5350 // RFC 6238's default, and all that most apps know; an HMAC does not suffer from SHA-1's collisions.
        var hash = HMACSHA1.HashData(Decode(secret), counter);
#pragma warning restore CA5350
        var at = hash[^1] & 0xF;
        var number = (BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(at)) & 0x7FFF_FFFF) % 1_000_000;
        return number.ToString("D6", CultureInfo.InvariantCulture);
    }

    public static long StepAt(DateTimeOffset now) => now.ToUnixTimeSeconds() / (long)Step.TotalSeconds;

    /// <summary>The step whose code it is: now's, or a neighbour's for a clock that is off by up to half a minute.</summary>
    /// <param name="after">Codes of this step and earlier ones were used; they count no more.</param>
    /// <returns>Null when it is none.</returns>
    public static long? Find(string secret, string typed, DateTimeOffset now, long after)
    {
        var code = new string([.. typed.Where(char.IsAsciiDigit)]);
        var current = StepAt(now);
        for (var step = Math.Max(current - 1, after + 1); step <= current + 1; step++)
        {
            if (CryptographicOperations.FixedTimeEquals(Ascii(Code(secret, step)), Ascii(code)))
            {
                return step;
            }
        }

        return null;
    }

    /// <summary>What the QR code holds.</summary>
    public static string Uri(string secret, string email, string issuer) =>
        $"otpauth://totp/{System.Uri.EscapeDataString(issuer)}:{System.Uri.EscapeDataString(email)}"
        + $"?secret={secret}&issuer={System.Uri.EscapeDataString(issuer)}&digits=6&period=30";

    private static byte[] Ascii(string text) => System.Text.Encoding.ASCII.GetBytes(text);

    private static byte[] Decode(string secret)
    {
        var bytes = new byte[secret.Length * 5 / 8];
        var (bits, held, written) = (0, 0, 0);
        foreach (var letter in secret)
        {
            var value = Base32Letters.IndexOf(letter, StringComparison.Ordinal);
            if (value < 0)
            {
                throw new FormatException("The secret is not base 32.");
            }

            (bits, held) = ((bits << 5) | value, held + 5);
            if (held >= 8)
            {
                held -= 8;
                bytes[written++] = (byte)(bits >> held);
            }
        }

        return bytes;
    }
}
