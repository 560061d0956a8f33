using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization.Metadata;
using Microsoft.OpenApi;

namespace AdminPortal.Api;

/// <summary>What the OpenAPI document would not find out by itself of an operation and of a shape.</summary>
internal static class ApiOperations
{
    public static void Complete(OpenApiSchema schema, JsonTypeInfo type)
    {
        LeaveOptional(schema, type);
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
