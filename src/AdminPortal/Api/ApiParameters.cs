using System.Reflection;
using Ledgerpost.Contacts;
using Microsoft.AspNetCore.Http.Metadata;

namespace AdminPortal.Api;

/// <summary>
/// What is wrong with a request before its handler is called, all at once: parameters that cannot be read, names in the
/// query that the route does not know, and fields where no body is taken. A misspelt filter would otherwise filter nothing,
/// and a campaign that was to be sent later would be sent now.
/// </summary>
internal static class ApiParameters
{
    public static EndpointFilterDelegate Check(EndpointFilterFactoryContext route, EndpointFilterDelegate next)
    {
        var parameters = route.MethodInfo.GetParameters();
        var known = parameters.SelectMany(Names).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var texts = parameters.Where(one => one.ParameterType == typeof(string)).Select(one => one.Name!).ToList();
        return async context => Problem(context, known, texts, await NoBodyAsync(context)) ?? await next(context);
    }

    /// <summary>
    /// A route says what body it takes; of one that says nothing an empty one is taken, or an empty object, which some clients
    /// send with every request.
    /// </summary>
    private static async Task<IReadParameter?> NoBodyAsync(EndpointFilterInvocationContext context) =>
        (
            HttpMethods.IsPost(context.HttpContext.Request.Method)
            || HttpMethods.IsDelete(context.HttpContext.Request.Method)
        ) && context.HttpContext.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is null
            ? await ApiBody<NoFields>.ReadAsync(context.HttpContext)
            : null;

    private static object? Problem(
        EndpointFilterInvocationContext context,
        HashSet<string> known,
        List<string> texts,
        IReadParameter? noBody
    )
    {
        var query = context.HttpContext.Request.Query;
        var problems = context
            .Arguments.Append(noBody)
            .OfType<IReadParameter>()
            .Select(read => read.Problem)
            .OfType<ApiProblem>();
        // PostgreSQL has no text with a NUL in it.
        var unkept = texts
            .Select(name => (Name: name, Reason: PlainText.CannotBeKept(query[name].ToString())))
            .Where(text => text.Reason is not null)
            .Select(text => new FieldError(text.Name, text.Reason!))
            .ToList();
        if (unkept.Count > 0)
        {
            problems = problems.Append(ApiErrors.Fields(unkept));
        }

        var unknown = query.Keys.Where(name => !known.Contains(name)).ToList();
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
        return type == typeof(string) || type == typeof(TagQuery) ? [parameter.Name!]
            : !type.IsGenericType ? []
            : type.GetGenericTypeDefinition() == typeof(ApiQuery<>) ? [parameter.Name!]
            : type.GetGenericTypeDefinition() == typeof(PageRequest<>) ? [PagedList.Limit, PagedList.Cursor]
            : [];
    }
}
