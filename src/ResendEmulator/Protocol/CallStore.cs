using ResendEmulator.Faults;
using ResendEmulator.Storage;

namespace ResendEmulator.Protocol;

/// <summary>The log of calls: the provider's own (/logs) and what really went over the wire, for tests and people.</summary>
public sealed class CallStore(Database database, FaultBook faults)
{
    /// <summary>Writes the call and its answer inside the caller's transaction; returns its number.</summary>
    public long Insert(SqlSession sql, ProviderCall call, ApiAnswer answer)
    {
        call.Recorded = true;
        faults.Save(sql);
        sql.Run(
            """
            INSERT INTO calls(id, at, method, path, api_key, user_agent, idempotency_key, body_hash, count, status,
                wire_status, replayed, fault, request, response)
            VALUES(@0,@1,@2,@3,@4,@5,@6,@7,@8,@9,@10,@11,@12,@13,@14)
            """,
            call.Id,
            Instant.Micros(call.At),
            call.Method,
            call.Path,
            call.ApiKey?.Token,
            call.UserAgent,
            call.IdempotencyKey,
            call.BodyHash,
            call.Count,
            answer.Reach == Reach.Nothing ? null : answer.Status,
            FaultGate.WireStatus(call.Fault, answer),
            call.Replayed ? 1 : 0,
            call.Fault?.Describe(),
            call.PackedBody,
            answer.PackedBody
        );
        return sql.Count("SELECT last_insert_rowid()");
    }

    public Task RecordAsync(ProviderCall call, ApiAnswer answer) =>
        database.WriteAsync(sql =>
        {
            Insert(sql, call, answer);
        });
}
