using System.Security.Cryptography;

namespace Ledgerpost.Audit;

/// <summary>
/// The secrets that seal the audit log. They live outside the database, so that whoever can write its tables cannot make
/// a changed log look whole.
/// </summary>
public sealed class AuditKeys
{
    /// <summary>Bytes of a key; fewer are refused.</summary>
    public const int Length = 32;

    private readonly IReadOnlyList<(string Id, byte[] Key)> _keys;

    /// <param name="keys">The first one seals; the others are known from before.</param>
    /// <exception cref="ArgumentException">There is none, or one is shorter than <see cref="Length"/> bytes.</exception>
    public AuditKeys(params IReadOnlyList<byte[]> keys)
    {
        if (keys.Count == 0 || keys.Any(key => key.Length < Length))
        {
            throw new ArgumentException(
                $"Each key has at least {Length} bytes, and there is at least one.",
                nameof(keys)
            );
        }

        // Not the key itself: what stands in the table tells which one it was and nothing of it.
        _keys = [.. keys.Select(key => (Convert.ToHexStringLower(SHA256.HashData(key))[..16], key))];
    }

    /// <summary>Which key seals now; written beside each entry.</summary>
    public string CurrentId => _keys[0].Id;

    /// <summary>The seal of a text under a known key; null when the key is not known here.</summary>
    public byte[]? Seal(string keyId, ReadOnlySpan<byte> text)
    {
        foreach (var (id, key) in _keys)
        {
            if (id == keyId)
            {
                return HMACSHA256.HashData(key, text);
            }
        }

        return null;
    }
}
