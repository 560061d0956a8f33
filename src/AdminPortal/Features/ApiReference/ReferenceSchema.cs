using Microsoft.OpenApi;

namespace AdminPortal.Features.ApiReference;

/// <summary>A JSON schema as rows of a table.</summary>
internal static class ReferenceSchema
{
    /// <summary>Deeper objects are named and not unfolded; none of ours is.</summary>
    private const int Deepest = 4;

    public static IReadOnlyList<ReferenceField> FieldsOf(IOpenApiSchema? schema)
    {
        var fields = new List<ReferenceField>();
        Add(fields, schema, "", 0);
        return fields;
    }

    public static string TypeOf(IOpenApiSchema? schema)
    {
        if (schema is null)
        {
            return "any";
        }

        if (Choices(schema) is { Length: > 0 } choices)
        {
            return choices;
        }

        if (Plain(schema) is { } inner && inner != schema)
        {
            return TypeOf(inner);
        }

        var type = (schema.Type & ~JsonSchemaType.Null)?.ToString().ToLowerInvariant() ?? "any";
        return type switch
        {
            "array" => $"list of {TypeOf(schema.Items)}",
            "string" when schema.Format is "date-time" => "instant",
            "string" when schema.Format is "uuid" => "id",
            "string" when schema.Format is { } format => format,
            // Strings are accepted where a number is meant; the number is what is written.
            _ when type.Contains("integer", StringComparison.Ordinal) => "whole number",
            _ => type,
        };
    }

    private static void Add(List<ReferenceField> fields, IOpenApiSchema? schema, string prefix, int depth)
    {
        schema = Plain(schema);
        if (schema?.Items is { } items && depth < Deepest)
        {
            Add(fields, items, prefix.Length == 0 ? "[]." : prefix[..^1] + "[].", depth + 1);
            return;
        }

        foreach (var (name, property) in schema?.Properties ?? new Dictionary<string, IOpenApiSchema>())
        {
            fields.Add(
                new ReferenceField(
                    prefix + name,
                    TypeOf(property),
                    schema?.Required?.Contains(name) == true,
                    property.Description ?? Plain(property)?.Description
                )
            );
            if (depth < Deepest)
            {
                Add(fields, property, $"{prefix}{name}.", depth + 1);
            }
        }
    }

    /// <summary>What may be null is written as a choice between null and the thing itself.</summary>
    private static IOpenApiSchema? Plain(IOpenApiSchema? schema) =>
        (schema?.OneOf ?? schema?.AnyOf)?.FirstOrDefault(one => one.Type != JsonSchemaType.Null) ?? schema;

    private static string Choices(IOpenApiSchema schema) =>
        string.Join(" | ", (schema.Enum ?? []).Where(value => value is not null).Select(value => value!.ToString()));
}
