using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Ledgerpost.Contacts;
using Microsoft.AspNetCore.Http.Metadata;

namespace AdminPortal.Api;

/// <summary>A parameter of a query, named as in the handler; one that cannot be read is told by its name.</summary>
/// <typeparam name="T">A Guid, a truth value, an instant, or an enum, by its names in snake_case.</typeparam>
internal sealed class ApiQuery<T>
    : IReadParameter,
        IBindableFromHttpContext<ApiQuery<T>>,
        IEndpointParameterMetadataProvider
    where T : struct
{
    private ApiQuery(T? value, ApiProblem? problem) => (Value, Problem) = (value, problem);

    /// <summary>Null when it was not sent.</summary>
    public T? Value { get; }

    public ApiProblem? Problem { get; }

    public static ValueTask<ApiQuery<T>?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var name = parameter.Name!;
        var text = context.Request.Query[name].ToString();
        var read = text.Length == 0 ? null : Parse(text);
        return ValueTask.FromResult<ApiQuery<T>?>(
            new ApiQuery<T>(
                read,
                text.Length > 0 && read is null
                    ? ApiErrors.Fields([new FieldError(name, $"Must be {ShapeWords.Of(typeof(T))}.")])
                    : null
            )
        );
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new QueryParameter(parameter.Name!, typeof(T)));

    private static T? Parse(string text)
    {
        if (typeof(T).IsEnum)
        {
            var names = Enum.GetNames(typeof(T));
            var found = Array.FindIndex(names, name => JsonNamingPolicy.SnakeCaseLower.ConvertName(name) == text);
            return found < 0 ? null : Enum.Parse<T>(names[found]);
        }

        object? value =
            typeof(T) == typeof(bool)
                ? bool.TryParse(text, out var truth)
                    ? truth
                    : null
                : typeof(T) == typeof(Guid)
                    ? Guid.TryParse(text, out var id)
                        ? id
                        : null
                    : DateTimeOffset.TryParse(
                        text,
                        CultureInfo.InvariantCulture,
                        DateTimeStyles.AssumeUniversal,
                        out var instant
                    )
                        ? instant
                        : null;
        return (T?)value;
    }
}

/// <summary>A tag in a query, however it is typed.</summary>
internal sealed class TagQuery : IReadParameter, IBindableFromHttpContext<TagQuery>, IEndpointParameterMetadataProvider
{
    private TagQuery(string? value, ApiProblem? problem) => (Value, Problem) = (value, problem);

    /// <summary>As contacts have it; null when none was sent.</summary>
    public string? Value { get; }

    public ApiProblem? Problem { get; }

    public static ValueTask<TagQuery?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var name = parameter.Name!;
        string? tag = null;
        // Also an empty one is refused: it would be everybody's.
        var problem =
            context.Request.Query.TryGetValue(name, out var text)
            && !Tag.TryParse(text.ToString(), out tag, out var reason)
                ? ApiErrors.Fields([new FieldError(name, reason)])
                : null;
        return ValueTask.FromResult<TagQuery?>(new TagQuery(tag, problem));
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new QueryParameter(parameter.Name!, typeof(string)));
}

/// <summary>On a route: it takes this parameter in its query.</summary>
public sealed record QueryParameter(string Name, Type Type);
