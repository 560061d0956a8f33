using System.Globalization;
using System.Reflection;
using System.Text;
using Ledgerpost.Contacts;
using Microsoft.AspNetCore.Http.Metadata;

namespace AdminPortal.Api;

/// <summary>A page of a list, and where the next begins.</summary>
/// <param name="NextCursor">Null on the last page.</param>
public sealed record ApiPage<T>(IReadOnlyList<T> Data, string? NextCursor);

/// <summary>
/// <c>limit</c> and <c>cursor</c> of a list. A cursor holds the last row's key, so a page stays right while rows are added;
/// its text is nobody's to read.
/// </summary>
/// <typeparam name="TKey">What the list is sorted by: ids, or the numbers of a ledger.</typeparam>
internal sealed class PageRequest<TKey>
    : IReadParameter,
        IBindableFromHttpContext<PageRequest<TKey>>,
        IEndpointParameterMetadataProvider
    where TKey : struct, IParsable<TKey>
{
    private const string Version = "1:";

    private PageRequest(int limit, TKey? after, ApiProblem? problem) =>
        (Limit, After, Problem) = (limit, after, problem);

    public int Limit { get; }

    /// <summary>The key of the last row of the page before; null for the first page.</summary>
    public TKey? After { get; }

    public ApiProblem? Problem { get; }

    /// <summary>One more than the page shows, to know whether there is a next one.</summary>
    public int Take => Limit + 1;

    public static ValueTask<PageRequest<TKey>?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        ValueTask.FromResult<PageRequest<TKey>?>(Read(context.Request.Query));

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new PagedList());

    private static PageRequest<TKey> Read(IQueryCollection query)
    {
        var errors = new List<FieldError>();
        var limit = PagedList.DefaultLimit;
        if (
            query[PagedList.Limit].ToString() is { Length: > 0 } text
            && !(
                int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit)
                && limit is > 0 and <= PagedList.MaxLimit
            )
        )
        {
            errors.Add(new FieldError(PagedList.Limit, $"Must be a whole number from 1 to {PagedList.MaxLimit}."));
        }

        TKey? after = null;
        if (query[PagedList.Cursor].ToString() is { Length: > 0 } cursor)
        {
            after = Decode(cursor);
            if (after is null)
            {
                return new PageRequest<TKey>(
                    0,
                    null,
                    ApiErrors.InvalidCursor.Say("Use next_cursor of the page before, or none to begin anew.", errors)
                );
            }
        }

        return new PageRequest<TKey>(limit, after, errors.Count > 0 ? ApiErrors.Fields(errors) : null);
    }

    /// <param name="rows">As many as <see cref="Take"/> asked for.</param>
    /// <param name="key">By which the list is sorted.</param>
    public ApiPage<TShape> Page<TRow, TShape>(
        IReadOnlyList<TRow> rows,
        Func<TRow, TKey> key,
        Func<TRow, TShape> shape
    ) =>
        new(
            [.. rows.Take(Limit).Select(shape)],
            rows.Count > Limit ? Encode(Convert.ToString(key(rows[Limit - 1]), CultureInfo.InvariantCulture)!) : null
        );

    private static string Encode(string after) =>
        Convert
            .ToBase64String(Encoding.UTF8.GetBytes(Version + after))
            .TrimEnd('=')
            .Replace('+', '-')
            .Replace('/', '_');

    private static TKey? Decode(string cursor)
    {
        var padded = cursor.Replace('-', '+').Replace('_', '/');
        padded = padded.PadRight(padded.Length + ((4 - (padded.Length % 4)) % 4), '=');
        var bytes = new byte[padded.Length];
        if (!Convert.TryFromBase64String(padded, bytes, out var length))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(bytes, 0, length);
        return
            text.StartsWith(Version, StringComparison.Ordinal)
            && TKey.TryParse(text[Version.Length..], CultureInfo.InvariantCulture, out var after)
            ? after
            : null;
    }
}

/// <summary>On a route: it takes <c>limit</c> and <c>cursor</c>.</summary>
public sealed class PagedList
{
    public const string Limit = "limit";
    public const string Cursor = "cursor";
    public const int DefaultLimit = 50;
    public const int MaxLimit = 200;
}
