using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ResendEmulator.Faults;
using ResendEmulator.Hosting;
using ResendEmulator.Sending;

namespace ResendEmulator.Protocol;

/// <summary>What a call is for, as faults tell calls apart.</summary>
public enum CallKind
{
    Single,
    Batch,
    Other,
}

/// <summary>One request to the provider's API, from arrival to answer.</summary>
public sealed class ProviderCall(HttpContext http, string id, DateTimeOffset at, CallKind kind, byte[] body)
{
    private readonly Lazy<JsonElement?> _json = new(() => Parse(body));
    private readonly Lazy<string?> _hash = new(() => body.Length == 0 ? null : CanonicalJson.Hash(Parse(body), body));

    public HttpContext Http { get; } = http;
    public string Id { get; } = id;
    public DateTimeOffset At { get; } = at;
    public CallKind Kind { get; } = kind;
    public byte[] Body { get; } = body;
    public string Method { get; } = http.Request.Method;
    public string Path { get; } = http.Request.Path.Value ?? "/";
    public string? UserAgent { get; } = http.Request.Headers.UserAgent;

    /// <summary>As sent; <c>null</c> when the header is missing.</summary>
    public string? IdempotencyKey { get; } =
        http.Request.Headers.TryGetValue("Idempotency-Key", out var key) ? key.ToString() : null;

    public string? ValidationMode { get; } =
        http.Request.Headers.TryGetValue("x-batch-validation", out var mode) ? mode.ToString() : null;

    public EmulatorApiKey? ApiKey { get; set; }
    public FaultRule? Fault { get; set; }
    public bool Replayed { get; set; }
    public bool Recorded { get; set; }

    /// <summary>Hash of the normalised body: member order and white space do not count.</summary>
    public string? BodyHash => _hash.Value;

    /// <summary>The body, or <c>null</c> when it is not JSON.</summary>
    public JsonElement? Json => _json.Value;

    /// <summary>Mails in the body, good or bad.</summary>
    public int Count =>
        Kind switch
        {
            CallKind.Other => 0,
            CallKind.Batch => Json is { ValueKind: JsonValueKind.Array } list ? list.GetArrayLength() : 0,
            _ => 1,
        };

    private static JsonElement? Parse(byte[] body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            return JsonElement.TryParseValue(ref reader, out var element) && !reader.Read() ? element : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
