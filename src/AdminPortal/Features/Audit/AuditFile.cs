using System.Globalization;
using System.Text.Json;
using AdminPortal.Api;
using Ledgerpost.Audit;
using Ledgerpost.Contacts;

namespace AdminPortal.Features.Audit;

internal enum AuditFormat
{
    Csv,
    Json,
}

/// <summary>The log as a file, CSV or JSON, written while it is read: a million entries need no more memory than a thousand.</summary>
internal static class AuditFile
{
    public const string CsvType = "text/csv; charset=utf-8";
    public const string JsonType = "application/json; charset=utf-8";

    private static readonly string[] Columns =
    [
        "sequence",
        "at",
        "actor_kind",
        "actor_id",
        "actor",
        "on_behalf_of",
        "session",
        "from",
        "action",
        "target_kind",
        "target_id",
        "target",
        "details",
    ];

    /// <param name="export">Asked with the format's name; its entry is written when it answers.</param>
    public static async Task<IResult> DownloadAsync(
        HttpContext http,
        Func<string, Task<IAsyncEnumerable<AuditEntry>>> export,
        AuditFormat format
    )
    {
        var entries = await export(format.ToString().ToLowerInvariant());
        http.Response.Headers.CacheControl = "no-store";
        return format == AuditFormat.Json
            ? TypedResults.Stream(
                content =>
                    JsonSerializer.SerializeAsync(content, Shapes(entries), ApiJson.Options, http.RequestAborted),
                JsonType,
                "audit-log.json"
            )
            : TypedResults.Stream(
                content => WriteCsvAsync(entries, content, http.RequestAborted),
                CsvType,
                "audit-log.csv"
            );
    }

    private static async IAsyncEnumerable<AuditShape> Shapes(IAsyncEnumerable<AuditEntry> entries)
    {
        await foreach (var entry in entries)
        {
            yield return AuditShape.Of(entry);
        }
    }

    private static async Task WriteCsvAsync(
        IAsyncEnumerable<AuditEntry> entries,
        Stream content,
        CancellationToken cancellation
    )
    {
        await using var csv = await CsvFile.BeginAsync(content, Columns, cancellation);
        await foreach (var entry in entries.WithCancellation(cancellation))
        {
            csv.WriteField(entry.Sequence);
            csv.WriteField(entry.At.ToString("O", CultureInfo.InvariantCulture));
            csv.WriteField(JsonNamingPolicy.SnakeCaseLower.ConvertName(entry.ActorKind.ToString()));
            csv.WriteField(entry.ActorId?.ToString());
            csv.WriteField(entry.ActorName);
            csv.WriteField(entry.OnBehalfOf);
            csv.WriteField(entry.SessionId?.ToString());
            csv.WriteField(entry.From);
            csv.WriteField(entry.Action);
            csv.WriteField(entry.TargetKind);
            csv.WriteField(entry.TargetId);
            csv.WriteField(entry.TargetName);
            csv.WriteField(entry.Details);
            await csv.EndRecordAsync(cancellation);
        }
    }
}
