using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Data.Sqlite;
using ResendEmulator.Protocol;
using ResendEmulator.Storage;

namespace ResendEmulator.Retrieval;

/// <summary>GET /logs and GET /logs/{id}: what was asked and what the API decided, whatever became of the answer on its way.</summary>
public sealed class LogsApi(ProviderPipeline pipeline, Database database)
{
    private const string Columns =
        "SELECT seq, id, at, path, method, status, user_agent FROM calls WHERE status IS NOT NULL";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/logs", pipeline.Wrap(ListAsync));
        routes.MapGet("/logs/{id}", pipeline.Wrap(GetAsync));
    }

    private async Task<ApiAnswer> ListAsync(ProviderCall call)
    {
        var (page, refusal) = Paging.Of(call.Http.Request);
        if (page is null)
        {
            return refusal!;
        }

        var rows = await database.ReadAsync(sql =>
        {
            var mark = (page.After ?? page.Before) is { } id ? Find(sql, id)?.Seq : long.MaxValue;
            if (mark is null)
            {
                return null;
            }

            if (page.Before is null)
            {
                return sql.Query(Columns + " AND seq<@0 ORDER BY seq DESC LIMIT @1", Map, mark, page.Limit + 1L);
            }

            var newer = sql.Query(Columns + " AND seq>@0 ORDER BY seq LIMIT @1", Map, mark, page.Limit + 1L);
            newer.Reverse();
            return newer;
        });
        return rows is null ? ApiErrors.NotFound("Log") : page.List(rows, Shape);
    }

    private async Task<ApiAnswer> GetAsync(ProviderCall call)
    {
        var id = call.Http.GetRouteValue("id") as string ?? "";
        if (!Guid.TryParse(id, out _))
        {
            return ApiErrors.BadId();
        }

        var found = await database.ReadAsync(sql =>
            Find(sql, id) is { } line
                ? sql.Query(
                    "SELECT request, response FROM calls WHERE seq=@0",
                    row => (Line: line, Request: Body(row, 0), Response: Body(row, 1)),
                    line.Seq
                )[0]
                : default
        );
        return found.Line is not { } log
            ? ApiErrors.NotFound("Log")
            : ApiAnswer.Ok(
                new
                {
                    @object = "log",
                    id = log.Id,
                    created_at = Instant.Rest(log.At),
                    endpoint = log.Path,
                    method = log.Method,
                    response_status = log.Status,
                    user_agent = log.UserAgent,
                    request_body = found.Request,
                    response_body = found.Response,
                }
            );
    }

    private static LogLine? Find(SqlSession sql, string id) =>
        sql.Query(Columns + " AND id=@0", Map, id.ToLowerInvariant()).FirstOrDefault();

    private static object Shape(LogLine log) =>
        new
        {
            id = log.Id,
            created_at = Instant.Rest(log.At),
            endpoint = log.Path,
            method = log.Method,
            response_status = log.Status,
            user_agent = log.UserAgent,
        };

    /// <summary>JSON as JSON, anything else as text.</summary>
    private static object? Body(SqliteDataReader row, int column)
    {
        if (row.IsDBNull(column))
        {
            return null;
        }

        var body = Packed.Unpack((byte[])row[column]);
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.Clone();
        }
        catch (JsonException)
        {
            return System.Text.Encoding.UTF8.GetString(body);
        }
    }

    private static LogLine Map(SqliteDataReader row) =>
        new(
            row.GetInt64(0),
            row.GetString(1),
            row.GetInt64(2),
            row.GetString(3),
            row.GetString(4),
            row.GetInt32(5),
            row.IsDBNull(6) ? null : row.GetString(6)
        );

    private sealed record LogLine(
        long Seq,
        string Id,
        long At,
        string Path,
        string Method,
        int Status,
        string? UserAgent
    );
}
