using System.Security.Cryptography;
using System.Text;

namespace Ledgerpost.Audit;

/// <summary>
/// The secrets that seal the audit log. They live outside the database, so that whoever can write its tables cannot make
/// a changed log look whole. What else must not be opened with the database alone is under keys derived from them.
/// </summary>
public sealed class AuditKeys
{
    /// <summary>Bytes of a key; fewer are refused.</summary>
    public const int Length = 32;

    private readonly IReadOnlyList<(string Id, byte[] Key)> _keys;
    private Action? _keep;

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

    /// <summary>Where they come from, for a person who has to find them again: a file's path, or the setting's name.</summary>
    public string Origin { get; init; } = "Audit:Key";

    /// <summary>Made a moment ago and kept nowhere yet: nothing can be under it.</summary>
    public bool IsNew => _keep is not null;

    /// <summary>All that are known here, the one that seals first.</summary>
    public IReadOnlyList<string> Ids => [.. _keys.Select(key => key.Id)];

    /// <summary>One key, for a database that has none yet.</summary>
    /// <param name="origin">Where it will be.</param>
    /// <param name="keep">Puts it there, once the database has shown that it has none.</param>
    public static AuditKeys New(byte[] key, string origin, Action keep) => new(key) { Origin = origin, _keep = keep };

    /// <summary>Which key seals now; written beside each entry.</summary>
    public string CurrentId => _keys[0].Id;

    /// <summary>The seal of a text under a known key; null when the key is not known here.</summary>
    public byte[]? Seal(string keyId, ReadOnlySpan<byte> text) =>
        Find(keyId) is { } key ? HMACSHA256.HashData(key, text) : null;

    /// <summary>A key for something else, from which this one cannot be found; null when it is not known here.</summary>
    /// <param name="purpose">No two uses share one.</param>
    /// <returns>32 bytes, by HKDF with SHA-256.</returns>
    public byte[]? Derive(string keyId, string purpose) =>
        Find(keyId) is { } key
            ? HKDF.DeriveKey(HashAlgorithmName.SHA256, key, Length, info: Encoding.UTF8.GetBytes(purpose))
            : null;

    /// <summary>Before anything is sealed with it; nothing where it is kept already.</summary>
    internal void Keep()
    {
        _keep?.Invoke();
        _keep = null;
    }

    private byte[]? Find(string keyId)
    {
        foreach (var (id, key) in _keys)
        {
            if (id == keyId)
            {
                return key;
            }
        }

        return null;
    }
}
