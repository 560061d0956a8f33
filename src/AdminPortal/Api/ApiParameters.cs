using System.Reflection;
using Ledgerpost.Contacts;

namespace AdminPortal.Api;

/// <summary>
/// What is wrong with a request before its handler is called, all at once: parameters that cannot be read, and names in the
/// query that the route does not know. A misspelt filter would otherwise filter nothing.
/// </summary>
internal static class ApiParameters
{
    public static EndpointFilterDelegate Check(EndpointFilterFactoryContext route, EndpointFilterDelegate next)
    {
        var known = route.MethodInfo.GetParameters().SelectMany(Names).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return async context => Problem(context, known) ?? await next(context);
    }

    private static object? Problem(EndpointFilterInvocationContext context, HashSet<string> known)
    {
        var problems = context.Arguments.OfType<IReadParameter>().Select(read => read.Problem).OfType<ApiProblem>();
        var unknown = context.HttpContext.Request.Query.Keys.Where(name => !known.Contains(name)).ToList();
        if (unknown.Count > 0)
        {
            problems = problems.Prepend(
                ApiErrors.UnknownParameter.Say(
                    known.Count == 0
                        ? "Nothing was done: no parameters are taken here."
                        : $"Nothing was done. Here are taken: {string.Join(", ", known.Order(StringComparer.Ordinal))}.",
                    unknown.Select(name => new FieldError(name, "There is no such parameter here."))
                )
            );
        }

        var all = problems.ToList();
        return all.Count == 0
            ? null
            // A 400 says more than a 422: the request could not be read.
            : all.MinBy(problem => problem.Error.Status)! with
            {
                Errors = [.. all.SelectMany(problem => problem.Errors)],
            };
    }

    private static IEnumerable<string> Names(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        return type == typeof(string) ? [parameter.Name!]
            : !type.IsGenericType ? []
            : type.GetGenericTypeDefinition() == typeof(ApiQuery<>) ? [parameter.Name!]
            : type.GetGenericTypeDefinition() == typeof(PageRequest<>) ? [PagedList.Limit, PagedList.Cursor]
            : [];
    }
}
