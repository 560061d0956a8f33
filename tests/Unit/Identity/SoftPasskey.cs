using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledgerpost.Data;
using Microsoft.AspNetCore.Identity;
using UnitTests.Support;

namespace UnitTests.Identity;

/// <summary>A device's passkey (ES256) without the device: its row, and its answer to the question of a sign-in.</summary>
internal sealed class SoftPasskey : IDisposable
{
    // CBOR of a COSE key: EC2, ES256, P-256, and then the two coordinates of 32 bytes each.
    private static readonly byte[] KeyHead = [0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
    private static readonly byte[] KeyMiddle = [0x22, 0x58, 0x20];

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public byte[] Id { get; } = RandomNumberGenerator.GetBytes(16);

    /// <summary>How often the device was used, by its own count.</summary>
    public uint Uses { get; set; }

    public UserPasskeyInfo Info(bool backedUp = false)
    {
        var point = _key.ExportParameters(includePrivateParameters: false).Q;
        return new UserPasskeyInfo(
            Id,
            [.. KeyHead, .. point.X!, .. KeyMiddle, .. point.Y!],
            DateTimeOffset.UnixEpoch,
            Uses,
            transports: null,
            isUserVerified: true,
            isBackupEligible: true,
            isBackedUp: backedUp,
            attestationObject: [],
            clientDataJson: []
        );
    }

    public Task AddAsync(PortalDb db, Guid userId) =>
        db.WriteAsync(
            TenantScope.None,
            (context, _) =>
            {
                var info = Info();
                context
                    .Set<IdentityUserPasskey<Guid>>()
                    .Add(
                        new IdentityUserPasskey<Guid>
                        {
                            UserId = userId,
                            CredentialId = Id,
                            Data = new IdentityPasskeyData
                            {
                                PublicKey = info.PublicKey,
                                Name = "This laptop",
                                CreatedAt = info.CreatedAt,
                                IsUserVerified = true,
                                IsBackupEligible = true,
                                AttestationObject = info.AttestationObject,
                                ClientDataJson = info.ClientDataJson,
                            },
                        }
                    );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );

    /// <param name="question">What the server asked, as JSON.</param>
    /// <param name="openedAt">Another site that passes the question on.</param>
    /// <param name="flags">Present, recognised, may be backed up.</param>
    /// <returns>What a browser would post as the credential.</returns>
    public string Answer(string question, Guid userId, string origin, string? openedAt = null, byte flags = 0x0D)
    {
        using var asked = JsonDocument.Parse(question);
        var client = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                type = "webauthn.get",
                challenge = asked.RootElement.GetProperty("challenge").GetString(),
                origin = openedAt ?? origin,
                crossOrigin = false,
            }
        );
        Uses++;
        var site = SHA256.HashData(Encoding.UTF8.GetBytes(new Uri(origin).Host));
        // The count has its highest byte first.
        byte[] device = [.. site, flags, (byte)(Uses >> 24), (byte)(Uses >> 16), (byte)(Uses >> 8), (byte)Uses];
        var signature = _key.SignData(
            [.. device, .. SHA256.HashData(client)],
            HashAlgorithmName.SHA256,
            DSASignatureFormat.Rfc3279DerSequence
        );
        return JsonSerializer.Serialize(
            new
            {
                id = Base64Url.EncodeToString(Id),
                rawId = Base64Url.EncodeToString(Id),
                type = "public-key",
                clientExtensionResults = new { },
                response = new
                {
                    authenticatorData = Base64Url.EncodeToString(device),
                    clientDataJSON = Base64Url.EncodeToString(client),
                    signature = Base64Url.EncodeToString(signature),
                    userHandle = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(userId.ToString())),
                },
            }
        );
    }

    public void Dispose() => _key.Dispose();
}
