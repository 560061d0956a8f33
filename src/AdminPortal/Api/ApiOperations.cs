using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.OpenApi;

namespace AdminPortal.Api;

/// <summary>What the OpenAPI document would not find out by itself of an operation and of a shape.</summary>
internal static class ApiOperations
{
    public static void Complete(OpenApiSchema schema, JsonTypeInfo type)
    {
        LeaveOptional(schema, type);
        if ((Nullable.GetUnderlyingType(type.Type) ?? type.Type) is { IsEnum: true } names)
        {
            // Generators take it for numbers where it does not say so; where it may be null, that stands beside it.
            (schema.Type, schema.Enum) = (JsonSchemaType.String, Names(names));
        }

        if (type.Type == typeof(FileBytes))
        {
            schema.Type = JsonSchemaType.String;
            schema.Format = "binary";
            schema.AdditionalPropertiesAllowed = true;
        }

        if (type.Type == typeof(ProblemShape))
        {
            // Such as the campaign's state, or the id of what is there already.
            schema.AdditionalPropertiesAllowed = true;
            schema.AdditionalProperties = new OpenApiSchema();
        }
    }

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

    public static void AddParameters(OpenApiOperation operation, IList<object> metadata)
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

    /// <summary>What answers say in their headers.</summary>
    public static void AddHeaders(OpenApiOperation operation, IList<object> metadata)
    {
        var takesKey = metadata.OfType<TakesIdempotencyKey>().Any();
        foreach (var (status, answer) in operation.Responses ?? [])
        {
            var headers = new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal);
            if (status != "401")
            {
                Add(ApiRates.LimitHeader, JsonSchemaType.Integer, "Requests of this key in a minute.");
                Add(ApiRates.RemainingHeader, JsonSchemaType.Integer, "How many are left.");
                Add(ApiRates.ResetHeader, JsonSchemaType.Integer, "Seconds until all may be used again.");
                Add(ApiRates.PolicyHeader, JsonSchemaType.String, "The limit and its window, as 600;w=60.");
            }

            if (status is "409" or "429" or "503")
            {
                Add(
                    "Retry-After",
                    JsonSchemaType.Integer,
                    "Where waiting helps: seconds until the same is sent again."
                );
            }

            if (status == "201" && metadata.OfType<SendsLocation>().Any())
            {
                Add("Location", JsonSchemaType.String, "Where what was made can be read.");
            }

            if (status[0] == '2' && takesKey)
            {
                Add(
                    ApiCall.ReplayedHeader,
                    JsonSchemaType.String,
                    "true: it had been carried out before, under this key."
                );
            }

            ((OpenApiResponse)answer).Headers = headers;

            void Add(string name, JsonSchemaType type, string description) =>
                headers[name] = new OpenApiHeader
                {
                    Description = description,
                    Schema = new OpenApiSchema { Type = type },
                };
        }
    }

    private static OpenApiSchema QuerySchema(Type type) =>
        type == typeof(bool) ? new OpenApiSchema { Type = JsonSchemaType.Boolean }
        : type == typeof(string) ? new OpenApiSchema { Type = JsonSchemaType.String }
        : type == typeof(Guid) ? new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" }
        : type == typeof(DateTimeOffset) ? new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" }
        : new OpenApiSchema { Type = JsonSchemaType.String, Enum = Names(type) };

    private static List<JsonNode> Names(Type type) =>
        [.. Enum.GetNames(type).Select(name => (JsonNode)JsonNamingPolicy.SnakeCaseLower.ConvertName(name)!)];
}
