using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ResendEmulator.Faults;
using ResendEmulator.Hosting;
using ResendEmulator.Sending;
using ResendEmulator.Storage;

namespace ResendEmulator.Protocol;

/// <summary>What a call is for, as faults tell calls apart.</summary>
public enum CallKind
{
    Single,
    Batch,
    Other,
}

/// <summary>One request to the provider's API, from arrival to answer.</summary>
/// <remarks>Its body and what was read of it are gone when the answer is written.</remarks>
public sealed class ProviderCall(
    HttpContext http,
    string id,
    DateTimeOffset at,
    CallKind kind,
    ReadOnlyMemory<byte> body
) : IDisposable
{
    private JsonDocument? _json;
    private bool _parsed;
    private JsonTree? _tree;
    private bool _read;
    private string? _hash;
    private byte[]? _packed;

    public HttpContext Http { get; } = http;
    public string Id { get; } = id;
    public DateTimeOffset At { get; } = at;
    public CallKind Kind { get; } = kind;

    /// <summary>By the counting clock: a delay begins here, whatever the emulator's time is set to.</summary>
    public long Arrived { get; init; }

    public ReadOnlyMemory<byte> Body { get; } = body;
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

    /// <summary>Ends the delay of that fault; taken before the fault is, so that no healing between the two is missed.</summary>
    public CancellationToken Healing { get; set; }
    public bool Replayed { get; set; }
    public bool Recorded { get; set; }

    /// <summary>Hash of the normalised body: member order and white space do not count; <c>null</c> without a body.</summary>
    public string? BodyHash => Body.IsEmpty ? null : _hash ??= CanonicalJson.Hash(Tree, Body.Span);

    /// <summary>The body as it is kept; <c>null</c> without one.</summary>
    public byte[]? PackedBody => Body.IsEmpty ? null : _packed ??= Packed.Pack(Body.Span);

    /// <summary>The body, or <c>null</c> when it is not JSON.</summary>
    public JsonElement? Json
    {
        get
        {
            if (!_parsed)
            {
                (_json, _parsed) = (Parse(Body), true);
            }

            return _json?.RootElement;
        }
    }

    /// <summary>The same for requests that send: they are large and many.</summary>
    public JsonTree? Tree
    {
        get
        {
            if (!_read)
            {
                (_tree, _read) = (JsonTree.Parse(Body), true);
            }

            return _tree;
        }
    }

    /// <summary>Does now what would otherwise be done while everybody waits for the one writer.</summary>
    public void Prepare()
    {
        _ = BodyHash;
        _ = PackedBody;
    }

    /// <summary>Mails in the body, good or bad.</summary>
    public int Count =>
        Kind switch
        {
            CallKind.Other => 0,
            CallKind.Batch => Tree?.Root is { Kind: JsonValueKind.Array } list ? list.Count : 0,
            _ => 1,
        };

    public void Dispose()
    {
        _json?.Dispose();
        _tree?.Dispose();
    }

    private static JsonDocument? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
