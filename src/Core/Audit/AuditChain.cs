using System.Buffers;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ledgerpost.Data;

namespace Ledgerpost.Audit;

/// <summary>
/// Each entry of a log is sealed together with the seal of the one before it, so that none can be changed, taken out, put
/// in or moved without every later seal being wrong. What names a person stands beside the chain: only its salted hash is
/// in it, so that it can be erased and the chain still holds.
/// </summary>
internal static class AuditChain
{
    private const int SaltLength = 16;

    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="previous">The entry before; null for the first of a log.</param>
    public static AuditEntry Seal(AuditKeys keys, AuditEntry? previous, AuditEntry entry)
    {
        entry.Salt = RandomNumberGenerator.GetBytes(SaltLength);
        entry.PersonalHash = PersonalHash(entry);
        entry.KeyId = keys.CurrentId;
        entry.Hash = Hash(keys, previous, entry);
        return entry;
    }

    /// <returns>What is wrong with an entry whose place is right; null when nothing is.</returns>
    public static AuditFault? Check(AuditKeys keys, AuditEntry? previous, AuditEntry entry)
    {
        if (entry.Hash is null || entry.KeyId is null)
        {
            return AuditFault.NotSealed;
        }

        if (Hash(keys, previous, entry) is not { } expected)
        {
            return AuditFault.UnknownKey;
        }

        if (!CryptographicOperations.FixedTimeEquals(expected, entry.Hash))
        {
            return AuditFault.Changed;
        }

        return IsErased(entry) || (entry.Salt is { } && PersonalHash(entry).AsSpan().SequenceEqual(entry.PersonalHash))
            ? null
            : AuditFault.PersonalChanged;
    }

    /// <summary>Nothing personal is left of it; whether that was said is asked of the whole log.</summary>
    public static bool IsErased(AuditEntry entry) =>
        entry
            is {
                Salt: null,
                ActorName: "",
                TargetName: "",
                Details: null,
                From: null,
                SessionId: null,
                OnBehalfOf: null,
            };

    private static byte[]? Hash(AuditKeys keys, AuditEntry? previous, AuditEntry entry)
    {
        var text = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(text, Compact))
        {
            json.WriteStartObject();
            json.WriteBase64String("previous", previous?.Hash ?? []);
            json.WriteString("tenant", entry.TenantId);
            json.WriteNumber("sequence", entry.Sequence);
            json.WriteNumber("at", InstantConverter.ToMicroseconds(entry.At));
            json.WriteString("actor_kind", entry.ActorKind.ToString());
            if (entry.ActorId is { } actor)
            {
                json.WriteString("actor_id", actor);
            }

            json.WriteString("action", entry.Action);
            json.WriteString("target_kind", entry.TargetKind);
            json.WriteString("target_id", entry.TargetId);
            json.WriteBase64String("personal", entry.PersonalHash ?? []);
            json.WriteEndObject();
        }

        return keys.Seal(entry.KeyId!, text.WrittenSpan);
    }

    private static byte[] PersonalHash(AuditEntry entry)
    {
        var text = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(text, Compact))
        {
            json.WriteStartArray();
            json.WriteBase64StringValue(entry.Salt);
            json.WriteStringValue(entry.ActorName);
            json.WriteStringValue(entry.TargetName);
            json.WriteStringValue(entry.Details);
            json.WriteStringValue(entry.From);
            // Left away as a whole, so that what was sealed before there were these two still holds.
            if (entry.SessionId is not null || entry.OnBehalfOf is not null)
            {
                json.WriteStringValue(entry.SessionId?.ToString());
                json.WriteStringValue(entry.OnBehalfOf);
            }

            json.WriteEndArray();
        }

        return SHA256.HashData(text.WrittenSpan);
    }
}

/// <summary>What can be wrong with an audit log at one place.</summary>
public enum AuditFault
{
    /// <summary>An entry is not there; those after it are.</summary>
    Missing,

    /// <summary>Something of it, or of what stood before it, is not what was sealed.</summary>
    Changed,

    /// <summary>A name, an address or the details are not those that were written.</summary>
    PersonalChanged,

    /// <summary>Names, address and details are gone, and no later entry says that they were erased.</summary>
    PersonalMissing,

    /// <summary>It was written past the portal.</summary>
    NotSealed,

    /// <summary>It was sealed with a key that is not known here.</summary>
    UnknownKey,

    /// <summary>An anchor that lies outside the database knows of this entry, and the log ends before it.</summary>
    CutOff,

    /// <summary>The log is whole in itself, but it is not the one that was anchored outside.</summary>
    Replaced,
}
