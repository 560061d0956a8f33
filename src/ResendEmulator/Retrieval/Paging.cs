using System.Globalization;
using Microsoft.AspNetCore.Http;
using ResendEmulator.Protocol;

namespace ResendEmulator.Retrieval;

/// <summary>limit (1 to 100, default 20) and after or before, not both.</summary>
public sealed record Paging(int Limit, string? After, string? Before)
{
    public static (Paging? Page, ApiAnswer? Refusal) Of(HttpRequest request)
    {
        var limit = 20;
        if (
            request.Query.TryGetValue("limit", out var text)
            && (
                !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > 100
            )
        )
        {
            return (null, ApiErrors.Invalid("The `limit` must be a number between 1 and 100."));
        }

        var after = request.Query["after"].ToString() is { Length: > 0 } a ? a : null;
        var before = request.Query["before"].ToString() is { Length: > 0 } b ? b : null;
        return after is not null && before is not null
            ? (null, ApiErrors.Invalid("The `after` and `before` parameters cannot be used together."))
            : (new Paging(limit, after, before), null);
    }

    /// <summary>The list object of rows that were read with one more than the limit.</summary>
    public ApiAnswer List<T>(List<T> rows, Func<T, object> shape)
    {
        var more = rows.Count > Limit;
        // Walking to newer rows, the surplus row is the newest; otherwise the oldest.
        var shown = !more ? rows : rows.GetRange(Before is null ? 0 : 1, Limit);
        return ApiAnswer.Ok(
            new
            {
                @object = "list",
                has_more = more,
                data = shown.Select(shape),
            }
        );
    }
}
