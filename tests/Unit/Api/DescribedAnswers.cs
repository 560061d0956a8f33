using System.Collections.Concurrent;
using System.Text.Json;
using UnitTests.Support;

namespace UnitTests.Api;

/// <summary>
/// Holds every answer that a test of the API gets against the OpenAPI document: its status is described there, and its body is
/// as its schema says.
/// </summary>
public sealed class DescribedAnswers(RealHost host) : DelegatingHandler
{
    private static readonly ConcurrentDictionary<RealHost, Task<JsonElement>> Documents = new();

    private static readonly string[] Told =
    [
        "Idempotency-Replayed",
        "Location",
        "RateLimit-Limit",
        "RateLimit-Policy",
        "RateLimit-Remaining",
        "RateLimit-Reset",
        "Retry-After",
    ];

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        var answer = await base.SendAsync(request, cancellationToken);
        var document = await Documents.GetOrAdd(host, ReadAsync);
        var asked = $"{request.Method} {request.RequestUri!.AbsolutePath} {(int)answer.StatusCode}";
        if (Operation(document, request) is not { } operation)
        {
            // No such route: the rules of all of them say what is answered.
            Assert.True((int)answer.StatusCode is 404 or 405, asked);
            return answer;
        }

        Assert.True(
            operation.GetProperty("responses").TryGetProperty($"{(int)answer.StatusCode}", out var described),
            $"{asked} is not described."
        );
        CheckHeaders(asked, answer, described);
        if (!described.TryGetProperty("content", out var content))
        {
            Assert.True(answer.Content.Headers.ContentLength is null or 0, $"{asked} has a body.");
            return answer;
        }

        var type = answer.Content.Headers.ContentType?.MediaType ?? "";
        var media = content.EnumerateObject().FirstOrDefault(media => media.Name.Split(';')[0] == type).Value;
        Assert.True(media.ValueKind == JsonValueKind.Object, $"{asked} is described, but not as {type}.");
        if (type.EndsWith("json", StringComparison.Ordinal) && answer.Content.Headers.ContentDisposition is null)
        {
            await answer.Content.LoadIntoBufferAsync(cancellationToken);
            using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
            var problems = new SchemaCheck(document).Problems(body.RootElement, media.GetProperty("schema"));
            Assert.True(problems.Count == 0, $"{asked}: {string.Join(" ", problems)}");
        }

        return answer;
    }

    /// <summary>What is sent of these is described, and an address that is described is sent.</summary>
    private static void CheckHeaders(string asked, HttpResponseMessage answer, JsonElement described)
    {
        var names = described.TryGetProperty("headers", out var headers)
            ? headers.EnumerateObject().Select(header => header.Name).ToList()
            : [];
        var sent = answer
            .Headers.Select(header => header.Key)
            .Where(name => Told.Contains(name, StringComparer.Ordinal));
        Assert.All(sent, name => Assert.True(names.Contains(name), $"{asked}: its header {name} is not described."));
        Assert.True(!names.Contains("Location") || answer.Headers.Location is not null, $"{asked} has no Location.");
    }

    private static async Task<JsonElement> ReadAsync(RealHost host)
    {
        using var reader = host.Browser();
        return JsonDocument.Parse(await reader.GetStringAsync("/openapi/v1.json")).RootElement;
    }

    private static JsonElement? Operation(JsonElement document, HttpRequestMessage request)
    {
        var asked = request.RequestUri!.AbsolutePath.TrimEnd('/').Split('/');
        return document
            .GetProperty("paths")
            .EnumerateObject()
            .Where(route => Matches(route.Name.Split('/'), asked))
            // What is named goes before what may be anything.
            .OrderBy(route => route.Name.Count(letter => letter == '{'))
            .Select(route =>
                route.Value.TryGetProperty(request.Method.Method.ToLowerInvariant(), out var operation)
                    ? operation
                    : (JsonElement?)null
            )
            .FirstOrDefault(operation => operation is not null);
    }

    private static bool Matches(string[] route, string[] asked) =>
        route.Length == asked.Length
        && route
            .Zip(asked)
            .All(pair =>
                pair.First.StartsWith('{') || pair.First.Equals(pair.Second, StringComparison.OrdinalIgnoreCase)
            );
}

/// <summary>As much of JSON Schema as the document has.</summary>
internal sealed class SchemaCheck(JsonElement document)
{
    public IReadOnlyList<string> Problems(JsonElement value, JsonElement schema)
    {
        var problems = new List<string>();
        Check("$", value, schema, problems);
        return problems;
    }

    private void Check(string at, JsonElement value, JsonElement schema, List<string> problems)
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            Check(at, value, Find(reference.GetString()!), problems);
            return;
        }

        if (schema.TryGetProperty("oneOf", out var choices))
        {
            if (!choices.EnumerateArray().Any(choice => Problems(value, choice).Count == 0))
            {
                problems.Add(
                    $"{at} is none of several: {string.Join(" ", choices.EnumerateArray().SelectMany(choice => Problems(value, choice)))}."
                );
            }

            return;
        }

        if (schema.TryGetProperty("type", out var type) && !Types(type).Any(name => IsOf(name, value)))
        {
            problems.Add($"{at} is {value.ValueKind} and should be {type}.");
            return;
        }

        if (
            schema.TryGetProperty("enum", out var names)
            && !names.EnumerateArray().Any(name => JsonElement.DeepEquals(name, value))
        )
        {
            problems.Add($"{at} is {value} and should be one of {names}.");
        }

        if (value.ValueKind == JsonValueKind.String && schema.TryGetProperty("format", out var format))
        {
            CheckFormat(at, value, format.GetString()!, problems);
        }

        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
        {
            foreach (var (index, item) in value.EnumerateArray().Index())
            {
                Check($"{at}[{index}]", item, items, problems);
            }
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            CheckObject(at, value, schema, problems);
        }
    }

    private void CheckObject(string at, JsonElement value, JsonElement schema, List<string> problems)
    {
        if (schema.TryGetProperty("required", out var required))
        {
            problems.AddRange(
                required
                    .EnumerateArray()
                    .Where(name => !value.TryGetProperty(name.GetString()!, out _))
                    .Select(name => $"{at}.{name} is missing.")
            );
        }

        var known = schema.TryGetProperty("properties", out var properties);
        var others = schema.TryGetProperty("additionalProperties", out var additional);
        foreach (var member in value.EnumerateObject())
        {
            if (known && properties.TryGetProperty(member.Name, out var described))
            {
                Check($"{at}.{member.Name}", member.Value, described, problems);
            }
            else if (others && additional.ValueKind == JsonValueKind.Object)
            {
                Check($"{at}.{member.Name}", member.Value, additional, problems);
            }
            else if (known && (!others || additional.ValueKind == JsonValueKind.False))
            {
                problems.Add($"{at}.{member.Name} is not described.");
            }
        }
    }

    private static void CheckFormat(string at, JsonElement value, string format, List<string> problems)
    {
        if (
            (format == "uuid" && !Guid.TryParseExact(value.GetString(), "D", out _))
            || (format == "date-time" && !value.TryGetDateTimeOffset(out _))
        )
        {
            problems.Add($"{at} is {value} and should be a {format}.");
        }
    }

    private static IEnumerable<string> Types(JsonElement type) =>
        type.ValueKind == JsonValueKind.Array
            ? type.EnumerateArray().Select(name => name.GetString()!)
            : [type.GetString()!];

    private static bool IsOf(string type, JsonElement value) =>
        type switch
        {
            "null" => value.ValueKind == JsonValueKind.Null,
            "string" => value.ValueKind == JsonValueKind.String,
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
            "number" => value.ValueKind == JsonValueKind.Number,
            "array" => value.ValueKind == JsonValueKind.Array,
            "object" => value.ValueKind == JsonValueKind.Object,
            _ => throw new InvalidOperationException($"No such type: {type}."),
        };

    private JsonElement Find(string reference) =>
        reference.TrimStart('#', '/').Split('/').Aggregate(document, (found, part) => found.GetProperty(part));
}
