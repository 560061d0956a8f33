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
        var email = Encoding.UTF8.GetByteCount(normalizedEmail);
        var plain = new byte[Padded(TenantBytes + sizeof(ushort) + email)];
        tenantId.TryWriteBytes(plain, bigEndian: true, out _);
        BinaryPrimitives.WriteUInt16BigEndian(plain.AsSpan(TenantBytes), (ushort)email);
        Encoding.UTF8.GetBytes(normalizedEmail, plain.AsSpan(TenantBytes + sizeof(ushort)));
        var sealedBytes = new byte[NonceBytes + plain.Length + TagBytes];
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_nonceKey, plain, mac);
        mac[..NonceBytes].CopyTo(sealedBytes);
        using var cipher = new AesGcm(_cipherKey, TagBytes);
        cipher.Encrypt(
            sealedBytes.AsSpan(0, NonceBytes),
            plain,
            sealedBytes.AsSpan(NonceBytes, plain.Length),
            sealedBytes.AsSpan(NonceBytes + plain.Length)
        );
        return Base64Url.EncodeToString(sealedBytes);
    }

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

    private static int Padded(int length) => (length + Padding - 1) / Padding * Padding;

    private static byte[] Derive(byte[] secret, string purpose) =>
        HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(purpose));
}
