using System.Text.Encodings.Web;
using System.Text.Json;
using ResendEmulator.Storage;

namespace ResendEmulator.Protocol;

/// <summary>How much of an answer reaches the caller.</summary>
public enum Reach
{
    Whole,

    /// <summary>Half of the body, then the connection is cut.</summary>
    Half,

    /// <summary>The connection is cut before a byte of it.</summary>
    Nothing,
}

/// <summary>An answer before it is written to the wire.</summary>
public sealed record ApiAnswer(int Status, byte[] Body)
{
    public static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly ApiAnswer Cut = new(0, []) { Reach = Reach.Nothing };

    public string ContentType { get; init; } = "application/json; charset=utf-8";

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public Reach Reach { get; init; } = Reach.Whole;

    /// <summary>As it is kept: in the log of calls, and with its key.</summary>
    public byte[] PackedBody => field ??= Packed.Pack(Body);

    public bool Succeeded => Status is >= 200 and < 300;

    public static ApiAnswer Ok(object body, int status = 200) =>
        new(status, JsonSerializer.SerializeToUtf8Bytes(body, Json));

    public static ApiAnswer Text(int status, string body, string contentType) =>
        new(status, System.Text.Encoding.UTF8.GetBytes(body)) { ContentType = contentType };

    public ApiAnswer With(string header, string value) => this with { Headers = [.. Headers, (header, value)] };
}
