using System.Security.Cryptography;
using System.Text;
using ResendEmulator.Control;
using ResendEmulator.Protocol;
using ResendEmulator.Storage;

namespace ResendEmulator.Sending;

/// <summary>
/// Keys hold for method and endpoint, for the whole team, for 24 hours of the emulator's clock. A running request's
/// reservation lives in memory alone: a killed process forgets it, and nothing was accepted under it.
/// </summary>
public sealed class IdempotencyKeys(Switches switches)
{
    private readonly HashSet<string> _running = new(StringComparer.Ordinal);

    /// <summary>What the key is stored under; only a hash of it is kept.</summary>
    public static string? ScopeOf(ProviderCall call) =>
        call.IdempotencyKey is { } key
            ? $"{call.Method} {call.Path} {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))}"
            : null;

    public bool TryReserve(string scope)
    {
        lock (_running)
        {
            return _running.Add(scope);
        }
    }

    public void Release(string scope)
    {
        lock (_running)
        {
            _running.Remove(scope);
        }
    }

    /// <summary>The stored answer, the refusal for another body, or <c>null</c>: the first request, or the window is over.</summary>
    public ApiAnswer? Find(SqlSession sql, string scope, ProviderCall call)
    {
        var rows = sql.Query(
            "SELECT body_hash, status, response FROM keys WHERE scope=@0 AND at>@1",
            row => (Hash: row.GetString(0), Status: row.GetInt32(1), Body: (byte[])row[2]),
            scope,
            Instant.Micros(call.At - switches.Current.KeyWindow)
        );
        if (rows.Count == 0)
        {
            return null;
        }

        if (!string.Equals(rows[0].Hash, HashOf(call), StringComparison.Ordinal))
        {
            return ApiErrors.KeyOfOtherBody();
        }

        call.Replayed = true;
        var answer = new ApiAnswer(rows[0].Status, Packed.Unpack(rows[0].Body));
        return switches.Current.ReplayHeader ? answer.With("Idempotent-Replayed", "true") : answer;
    }

    /// <summary>Keeps the answer if answers of its kind are kept.</summary>
    public void Keep(SqlSession sql, string? scope, ProviderCall call, ApiAnswer answer)
    {
        if (scope is null || !IsKept(answer))
        {
            return;
        }

        sql.Run(
            """
            INSERT INTO keys(scope, body_hash, status, response, at) VALUES(@0,@1,@2,@3,@4)
            ON CONFLICT(scope) DO UPDATE SET body_hash=@1, status=@2, response=@3, at=@4
            """,
            scope,
            HashOf(call),
            answer.Status,
            answer.PackedBody,
            Instant.Micros(call.At)
        );
    }

    private bool IsKept(ApiAnswer answer) =>
        answer.Reach == Reach.Whole
        && answer.Status switch
        {
            >= 200 and < 300 => true,
            401 or 409 or 429 => false,
            >= 400 and < 500 => switches.Current.KeyAfterFailure != KeyAfterFailure.Release,
            >= 500 => switches.Current.KeyAfterFailure == KeyAfterFailure.Cache4xxAnd5xx,
            _ => false,
        };

    private string HashOf(ProviderCall call) =>
        (call.BodyHash ?? "")
        + (switches.Current.KeyCoversValidationMode ? "|" + (call.ValidationMode ?? "strict") : "");
}
