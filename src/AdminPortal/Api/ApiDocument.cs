using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AdminPortal.Api;

/// <summary>On a route: it takes an <c>Idempotency-Key</c>.</summary>
internal sealed record TakesIdempotencyKey(bool Required);

/// <summary>On a route: its 201 says where what was made can be read.</summary>
internal sealed record SendsLocation;

/// <summary>Stands in a shape, or for one, where there is a file.</summary>
internal sealed record FileBytes;

/// <summary>
/// What a route says of itself for the OpenAPI document: its name for generated clients, what it answers, which problems.
/// </summary>
internal static class ApiDocument
{
    public const string Name = "v1";

    private static readonly ApiError[] Always =
    [
        ApiErrors.UnknownParameter,
        ApiErrors.MissingApiKey,
        ApiErrors.InvalidApiKey,
        ApiErrors.InsufficientScope,
        ApiErrors.RateLimited,
        ApiErrors.Internal,
        ApiErrors.Unavailable,
    ];

    private static readonly ApiError[] OfBodies =
    [
        ApiErrors.InvalidBody,
        ApiErrors.BodyTooLarge,
        ApiErrors.UnsupportedMediaType,
        ApiErrors.ValidationFailed,
    ];

    private static readonly ApiError[] OfCommands = [ApiErrors.CommitInDoubt];

    private static readonly ApiError[] OfKeys =
    [
        ApiErrors.InvalidIdempotencyKey,
        ApiErrors.IdempotencyKeyReused,
        ApiErrors.RequestInProgress,
    ];

    /// <param name="name">For generated clients: a verb and its object, as <c>addContact</c>.</param>
    public static RouteHandlerBuilder Lists<T>(this RouteHandlerBuilder route, string name, string summary) =>
        route
            .Describe(name, summary, [ApiErrors.ValidationFailed, ApiErrors.InvalidCursor])
            .Produces<ApiPage<T>>(StatusCodes.Status200OK);

    public static RouteHandlerBuilder Shows<T>(this RouteHandlerBuilder route, string name, string summary) =>
        route.Describe(name, summary, [ApiErrors.NotFound]).Produces<T>(StatusCodes.Status200OK);

    /// <summary>A file, written while it is read.</summary>
    public static RouteHandlerBuilder Downloads(
        this RouteHandlerBuilder route,
        string name,
        string summary,
        string mediaType,
        params string[] others
    ) =>
        route
            .Describe(name, summary, [ApiErrors.ValidationFailed])
            .Produces<FileBytes>(StatusCodes.Status200OK, mediaType, others);

    /// <param name="errors">Beside those that every such route has.</param>
    public static RouteHandlerBuilder Creates<T>(
        this RouteHandlerBuilder route,
        string name,
        string summary,
        params ApiError[] errors
    ) => route.CreatesWithoutLocation<T>(name, summary, errors).WithMetadata(new SendsLocation());

    /// <summary>What no route shows by itself, or what is shown once: <see cref="ApiAnswers.Once"/>.</summary>
    /// <param name="errors">Beside those that every such route has.</param>
    public static RouteHandlerBuilder CreatesWithoutLocation<T>(
        this RouteHandlerBuilder route,
        string name,
        string summary,
        params ApiError[] errors
    ) =>
        route
            .Describe(name, summary, [.. OfBodies, .. OfCommands, .. OfKeys, .. errors])
            .WithMetadata(new TakesIdempotencyKey(Required: false))
            .Produces<T>(StatusCodes.Status201Created);

    /// <summary>Something is begun and goes on by itself.</summary>
    public static RouteHandlerBuilder Begins<T>(
        this RouteHandlerBuilder route,
        string name,
        string summary,
        bool sends,
        params ApiError[] errors
    ) =>
        route
            .Describe(
                name,
                summary,
                [
                    .. OfBodies,
                    .. OfCommands,
                    .. OfKeys,
                    .. sends ? [ApiErrors.IdempotencyKeyRequired] : Array.Empty<ApiError>(),
                    .. errors,
                ]
            )
            .WithMetadata(new TakesIdempotencyKey(sends))
            .Produces<T>(StatusCodes.Status202Accepted);

    public static RouteHandlerBuilder Changes<T>(
        this RouteHandlerBuilder route,
        string name,
        string summary,
        params ApiError[] errors
    ) =>
        route
            .Describe(name, summary, [.. OfBodies, .. OfCommands, ApiErrors.NotFound, ApiErrors.Changed, .. errors])
            .Produces<T>(StatusCodes.Status200OK);

    /// <summary>A POST that changes what is there.</summary>
    public static RouteHandlerBuilder Acts<T>(
        this RouteHandlerBuilder route,
        string name,
        string summary,
        params ApiError[] errors
    ) => route.Changes<T>(name, summary, [.. OfKeys, .. errors]).WithMetadata(new TakesIdempotencyKey(Required: false));

    public static RouteHandlerBuilder Deletes(
        this RouteHandlerBuilder route,
        string name,
        string summary,
        params ApiError[] errors
    ) =>
        route
            .Describe(name, summary, [.. OfBodies, .. OfCommands, ApiErrors.NotFound, .. errors])
            .Produces(StatusCodes.Status204NoContent);

    public static void AddApiDocument(this IServiceCollection services) =>
        services.AddOpenApi(
            Name,
            options =>
            {
                options.ShouldInclude = route =>
                    route.RelativePath?.StartsWith("api/v1/", StringComparison.Ordinal) == true;
                options.CreateSchemaReferenceId = shape =>
                    IsOfAFile(shape.Type) ? null : OpenApiOptions.CreateDefaultSchemaReferenceId(shape);
                options.AddDocumentTransformer(
                    (document, _, _) =>
                    {
                        document.Info = new OpenApiInfo
                        {
                            Title = "Ledgerpost",
                            Version = Name,
                            Description =
                                "Send campaigns from your own domain: nobody is mailed twice, nobody is left out. "
                                + "Errors are problem details (RFC 9457) with a stable code.",
                        };
                        document.Servers = [];
                        document.Components ??= new OpenApiComponents();
                        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(
                            StringComparer.Ordinal
                        );
                        document.Components.SecuritySchemes[ApiPolicies.Scheme] = new OpenApiSecurityScheme
                        {
                            Type = SecuritySchemeType.Http,
                            Scheme = "bearer",
                            Description = "A tenant's key (lp_...), or an operator's (lp_op_...) where it says so.",
                        };
                        document.Security =
                        [
                            new OpenApiSecurityRequirement
                            {
                                [new OpenApiSecuritySchemeReference(ApiPolicies.Scheme, document)] = [],
                            },
                        ];
                        return Task.CompletedTask;
                    }
                );
                options.AddSchemaTransformer(
                    (schema, context, _) =>
                    {
                        ApiOperations.Complete(schema, context.JsonTypeInfo);
                        return Task.CompletedTask;
                    }
                );
                options.AddOperationTransformer(
                    (operation, context, _) =>
                    {
                        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
                        ApiOperations.AddParameters(operation, metadata);
                        ApiOperations.AddHeaders(operation, metadata);
                        return Task.CompletedTask;
                    }
                );
            }
        );

    /// <summary>A file stands in its operation: generators do not look for one behind a reference.</summary>
    private static bool IsOfAFile(Type shape) =>
        shape == typeof(FileBytes) || shape.GetProperties().Any(field => field.PropertyType == typeof(FileBytes));

    private static RouteHandlerBuilder Describe(
        this RouteHandlerBuilder route,
        string name,
        string summary,
        IEnumerable<ApiError> errors
    )
    {
        route.Problems(Always.Concat(errors));
        return route.WithName(name).WithSummary(summary);
    }

    /// <summary>Further problems of a route.</summary>
    public static RouteHandlerBuilder Problems(this RouteHandlerBuilder route, params IEnumerable<ApiError> errors)
    {
        foreach (var status in errors.GroupBy(error => error.Status))
        {
            route.WithMetadata(
                new ProducesResponseTypeMetadata(status.Key, typeof(ProblemShape), ["application/problem+json"])
                {
                    Description = string.Join(
                        ", ",
                        status.Select(error => error.Code).Distinct(StringComparer.Ordinal)
                    ),
                }
            );
        }

        return route;
    }
}
