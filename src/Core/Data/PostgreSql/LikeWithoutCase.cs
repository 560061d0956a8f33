using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Ledgerpost.Data.PostgreSql;

/// <summary>
/// SQLite's LIKE takes "a" for "A", PostgreSQL's does not, and its ILIKE does: with the collation C for the same letters,
/// those of ASCII.
/// </summary>
internal sealed class LikeWithoutCase : ExpressionVisitor, IQueryExpressionInterceptor
{
    public static LikeWithoutCase Instance { get; } = new();

    public Expression QueryCompilationStarting(Expression queryExpression, QueryExpressionEventData eventData) =>
        Visit(queryExpression);

    protected override Expression VisitMethodCall(MethodCallExpression node) =>
        node.Method.DeclaringType == typeof(DbFunctionsExtensions)
        && node.Method.Name == nameof(DbFunctionsExtensions.Like)
            ? Expression.Call(
                typeof(NpgsqlDbFunctionsExtensions),
                nameof(NpgsqlDbFunctionsExtensions.ILike),
                typeArguments: null,
                [.. node.Arguments.Select(argument => Visit(argument))]
            )
            : base.VisitMethodCall(node);
}
