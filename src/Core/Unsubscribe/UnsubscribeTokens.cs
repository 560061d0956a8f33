using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Ledgerpost.Unsubscribe;

/// <summary>
/// A tenant and an address, sealed under the installation's secret: opaque, unguessable, the same each time a mail is
/// rendered, and opened without a row of its own, so that a link outlives campaign, contact and backup.
/// </summary>
/// <remarks>
/// AES-GCM whose nonce is an HMAC of what is sealed: the same link has the same nonce, another link another one. Padding
/// hides how long an address is.
/// </remarks>
public sealed class UnsubscribeTokens(byte[] secret)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int TenantBytes = 16;
    private const int Padding = 32;

    private readonly byte[] _nonceKey = Derive(secret, "unsubscribe-nonce");
    private readonly byte[] _cipherKey = Derive(secret, "unsubscribe-cipher");

    public string Seal(Guid tenantId, string normalizedEmail)
    {
        using var sealer = ForTenant(tenantId);
        return sealer.Seal(normalizedEmail);
    }

    /// <summary>Seals many addresses of one tenant; for one thread. Making its keys ready costs more than sealing.</summary>
    public Sealer ForTenant(Guid tenantId) => new(_nonceKey, _cipherKey, tenantId);

    /// <returns>Null for anything that this installation has not sealed.</returns>
    public (Guid TenantId, string NormalizedEmail)? TryOpen(string token)
    {
        if (
            !Base64Url.IsValid(token)
            || Base64Url.DecodeFromChars(token) is not { Length: > NonceBytes + TagBytes } bytes
        )
        {
            return null;
        }

        var plain = new byte[bytes.Length - NonceBytes - TagBytes];
        try
        {
            using var cipher = new AesGcm(_cipherKey, TagBytes);
            cipher.Decrypt(
                bytes.AsSpan(0, NonceBytes),
                bytes.AsSpan(NonceBytes, plain.Length),
                bytes.AsSpan(NonceBytes + plain.Length),
                plain
            );
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }

        var email = BinaryPrimitives.ReadUInt16BigEndian(plain.AsSpan(TenantBytes));
        return (
            new Guid(plain.AsSpan(0, TenantBytes), bigEndian: true),
            Encoding.UTF8.GetString(plain, TenantBytes + sizeof(ushort), email)
        );
    }

    private static byte[] Derive(byte[] secret, string purpose) =>
        HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(purpose));

    public sealed class Sealer : IDisposable
    {
        private readonly IncrementalHash _mac;
        private readonly AesGcm _cipher;
        private readonly Guid _tenantId;

        internal Sealer(byte[] nonceKey, byte[] cipherKey, Guid tenantId)
        {
            _mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, nonceKey);
            _cipher = new AesGcm(cipherKey, TagBytes);
            _tenantId = tenantId;
        }

        public string Seal(string normalizedEmail)
        {
            var email = Encoding.UTF8.GetByteCount(normalizedEmail);
            var length = Padded(TenantBytes + sizeof(ushort) + email);
            Span<byte> plain = stackalloc byte[length];
            plain.Clear();
            _tenantId.TryWriteBytes(plain, bigEndian: true, out _);
            BinaryPrimitives.WriteUInt16BigEndian(plain[TenantBytes..], (ushort)email);
            Encoding.UTF8.GetBytes(normalizedEmail, plain[(TenantBytes + sizeof(ushort))..]);
            Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
            _mac.AppendData(plain);
            _mac.GetHashAndReset(mac);
            Span<byte> sealedBytes = stackalloc byte[NonceBytes + length + TagBytes];
            mac[..NonceBytes].CopyTo(sealedBytes);
            _cipher.Encrypt(
                sealedBytes[..NonceBytes],
                plain,
                sealedBytes.Slice(NonceBytes, length),
                sealedBytes[(NonceBytes + length)..]
            );
            return Base64Url.EncodeToString(sealedBytes);
        }

        public void Dispose()
        {
            _mac.Dispose();
            _cipher.Dispose();
        }

        private static int Padded(int length) => (length + Padding - 1) / Padding * Padding;
    }
}
