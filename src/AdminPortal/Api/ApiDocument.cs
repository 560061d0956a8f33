using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AdminPortal.Api;

/// <summary>On a route: it takes an <c>Idempotency-Key</c>.</summary>
internal sealed record TakesIdempotencyKey(bool Required);

/// <summary>
/// What a route says of itself for the OpenAPI document: its name for generated clients, what it answers, which problems.
/// </summary>
internal static class ApiDocument
{
    public const string Name = "v1";

    private static readonly ApiError[] Always =
    [
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
    ) => route.Describe(name, summary, []).Produces<string>(StatusCodes.Status200OK, mediaType, others);

    /// <param name="errors">Beside those that every such route has.</param>
    public static RouteHandlerBuilder Creates<T>(
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

    public static RouteHandlerBuilder Deletes(
        this RouteHandlerBuilder route,
        string name,
        string summary,
        params ApiError[] errors
    ) =>
        route
            .Describe(name, summary, [.. OfCommands, ApiErrors.NotFound, .. errors])
            .Produces(StatusCodes.Status204NoContent);

    public static void AddApiDocument(this IServiceCollection services) =>
        services.AddOpenApi(
            Name,
            options =>
            {
                options.ShouldInclude = route =>
                    route.RelativePath?.StartsWith("api/v1/", StringComparison.Ordinal) == true;
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
                        LeaveOptional(schema, context.JsonTypeInfo);
                        return Task.CompletedTask;
                    }
                );
                options.AddOperationTransformer(
                    (operation, context, _) =>
                    {
                        AddParameters(operation, context.Description.ActionDescriptor.EndpointMetadata);
                        return Task.CompletedTask;
                    }
                );
            }
        );

    /// <summary>
    /// A parameter of a record counts as required although null is as good as nothing to the one who reads it
    /// (<see cref="ApiBody{T}"/>): a generated client would ask for every field.
    /// </summary>
    private static void LeaveOptional(OpenApiSchema schema, JsonTypeInfo type)
    {
        foreach (
            var property in type.Properties.Where(property =>
                (property.IsGetNullable || Nullable.GetUnderlyingType(property.PropertyType) is not null)
                && property.AttributeProvider?.IsDefined(typeof(RequiredAttribute), inherit: true) != true
            )
        )
        {
            schema.Required?.Remove(property.Name);
        }
    }

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

    private static void AddParameters(OpenApiOperation operation, IList<object> metadata)
    {
        var access = metadata.OfType<ApiAccess>().LastOrDefault();
        if (access is not null)
        {
            operation.Description = access.OperatorOnly
                ? "Needs an operator's key."
                : $"Needs the scope {string.Join(" or ", Ledgerpost.Programs.ApiScopeNames.Names(access.Scopes))}.";
        }

        operation.Parameters ??= [];
        if (metadata.OfType<PagedList>().Any())
        {
            operation.Parameters.Add(
                new OpenApiParameter
                {
                    Name = "limit",
                    In = ParameterLocation.Query,
                    Description = "How many at most.",
                    Schema = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Integer,
                        Minimum = "1",
                        Maximum = $"{PagedList.MaxLimit}",
                        Default = PagedList.DefaultLimit,
                    },
                }
            );
            operation.Parameters.Add(
                new OpenApiParameter
                {
                    Name = "cursor",
                    In = ParameterLocation.Query,
                    Description = "next_cursor of the page before.",
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                }
            );
        }

        foreach (var parameter in metadata.OfType<QueryParameter>())
        {
            operation.Parameters.Add(
                new OpenApiParameter
                {
                    Name = parameter.Name,
                    In = ParameterLocation.Query,
                    Schema = QuerySchema(parameter.Type),
                }
            );
        }

        if (metadata.OfType<TakesIdempotencyKey>().LastOrDefault() is { } key)
        {
            operation.Parameters.Add(
                new OpenApiParameter
                {
                    Name = ApiCall.KeyHeader,
                    In = ParameterLocation.Header,
                    Required = key.Required,
                    Description = "The same request with the same key is carried out once.",
                    Schema = new OpenApiSchema
                    {
                        Type = JsonSchemaType.String,
                        MinLength = 1,
                        MaxLength = Ledgerpost.Programs.IdempotencyRecord.MaxKeyLength,
                    },
                }
            );
        }
    }

    private static OpenApiSchema QuerySchema(Type type) =>
        type == typeof(bool) ? new OpenApiSchema { Type = JsonSchemaType.Boolean }
        : type == typeof(Guid) ? new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" }
        : type == typeof(DateTimeOffset) ? new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" }
        : new OpenApiSchema
        {
            Type = JsonSchemaType.String,
            Enum =
            [
                .. Enum.GetNames(type)
                    .Select(name =>
                        (System.Text.Json.Nodes.JsonNode)
                            System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(name)!
                    ),
            ],
        };
}
