using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace ResendEmulator.Sending;

/// <summary>"The same payload" is the hash of the body with sorted members and without white space.</summary>
public static class CanonicalJson
{
    public static string Hash(JsonElement? json, byte[] raw)
    {
        if (json is not { } element)
        {
            return Convert.ToHexStringLower(SHA256.HashData(raw));
        }

        var buffer = new ArrayBufferWriter<byte>(raw.Length + 16);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, element);
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan));
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in element.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}
