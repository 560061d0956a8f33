using System.Linq.Expressions;

namespace Ledgerpost.Data;

/// <summary>
/// Pages that stay right while rows are added: each begins after the last row of the one before, by its id. Ids are
/// version 7, so the greatest is the newest.
/// </summary>
internal static class Keyset
{
    /// <param name="after">The last id of the page before; null for the first page.</param>
    public static IQueryable<T> NewestFirst<T>(this IQueryable<T> rows, Expression<Func<T, Guid>> id, Guid? after)
    {
        if (after is { } last)
        {
            Expression<Func<Guid>> bound = () => last;
            var older = Expression.LessThan(
                Expression.Call(id.Body, nameof(Guid.CompareTo), null, bound.Body),
                Expression.Constant(0)
            );
            rows = rows.Where(Expression.Lambda<Func<T, bool>>(older, id.Parameters));
        }

        return rows.OrderByDescending(id);
    }
}
