using Microsoft.OpenApi;

namespace AdminPortal.Features.ApiReference;

/// <summary>The OpenAPI document as a person reads it: groups of operations, each with what it takes and answers.</summary>
public sealed record ApiReference(string Title, string Description, IReadOnlyList<ReferenceGroup> Groups)
{
    public static ApiReference Of(OpenApiDocument document) =>
        new(
            document.Info.Title ?? "",
            document.Info.Description ?? "",
            [
                .. document
                    .Paths.SelectMany(path =>
                        (path.Value.Operations ?? []).Select(operation =>
                            Operation(path.Key, operation.Key, operation.Value)
                        )
                    )
                    .GroupBy(operation => operation.Group, StringComparer.Ordinal)
                    .OrderBy(group => group.Key, StringComparer.Ordinal)
                    .Select(group => new ReferenceGroup(group.Key, [.. group])),
            ]
        );

    private static ReferenceOperation Operation(string path, HttpMethod method, OpenApiOperation operation) =>
        new(
            operation.OperationId ?? "",
            operation.Tags?.FirstOrDefault()?.Name ?? "",
            method.Method,
            path,
            operation.Summary ?? "",
            [
                .. (operation.Parameters ?? []).Select(parameter => new ReferenceField(
                    parameter.Name ?? "",
                    $"{ReferenceSchema.TypeOf(parameter.Schema)}, {parameter.In?.ToString().ToLowerInvariant()}",
                    parameter.Required,
                    parameter.Description ?? parameter.Schema?.Description
                )),
            ],
            [
                .. (operation.RequestBody?.Content ?? new Dictionary<string, OpenApiMediaType>()).Select(
                    body => new ReferenceBody(body.Key, ReferenceSchema.FieldsOf(body.Value.Schema))
                ),
            ],
            [
                .. (operation.Responses ?? []).Select(answer => new ReferenceAnswer(
                    answer.Key,
                    answer.Value.Description ?? "",
                    ReferenceSchema.FieldsOf(answer.Value.Content?.Values.FirstOrDefault()?.Schema)
                )),
            ]
        );
}

public sealed record ReferenceGroup(string Name, IReadOnlyList<ReferenceOperation> Operations);

/// <param name="Id">Its name in a generated client, and its anchor on the page.</param>
public sealed record ReferenceOperation(
    string Id,
    string Group,
    string Method,
    string Path,
    string Summary,
    IReadOnlyList<ReferenceField> Parameters,
    IReadOnlyList<ReferenceBody> Bodies,
    IReadOnlyList<ReferenceAnswer> Answers
)
{
    /// <summary>What it answers when it did what was asked.</summary>
    public IEnumerable<ReferenceAnswer> Done => Answers.Where(answer => answer.Status is ['2', ..]);

    public IEnumerable<ReferenceAnswer> Problems => Answers.Where(answer => answer.Status is not ['2', ..]);
}

/// <param name="Name">With dots into an object and [] for each of a list.</param>
public sealed record ReferenceField(string Name, string Type, bool Required, string? Description);

public sealed record ReferenceBody(string MediaType, IReadOnlyList<ReferenceField> Fields);

public sealed record ReferenceAnswer(string Status, string Description, IReadOnlyList<ReferenceField> Fields);
