using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Microsoft.AspNetCore.Http.Metadata;

namespace AdminPortal.Api;

/// <summary>What a body can say of its own fields before the use case looks at them.</summary>
internal interface IChecked
{
    /// <returns>Fields by the name of their property.</returns>
    IEnumerable<FieldError> Check();
}

/// <summary>
/// A body whose use case tells every wrong value, with what it knows; where something else is wrong already it is not asked, and
/// what can be said without it is said here.
/// </summary>
internal interface ICheckedByItsCommand
{
    /// <param name="has">Whether a field was sent, by its name in JSON.</param>
    /// <returns>Fields by the name of their property.</returns>
    IEnumerable<FieldError> Faults(Func<string, bool> has);
}

/// <summary>A body in which it matters what was sent, be it as null.</summary>
internal interface ICheckedBySent
{
    /// <param name="has">Whether a field was sent, by its name in JSON.</param>
    /// <returns>Fields by the name of their property.</returns>
    IEnumerable<FieldError> Check(Func<string, bool> has);
}

/// <summary>
/// A body that names what the tenant has, such as a sender by its id. Its use case looks that up; where something else is wrong
/// already it is looked up here, so that one answer tells of it all.
/// </summary>
internal interface ILookedUp
{
    /// <returns>Fields by the name of their property; what was told already is told once.</returns>
    Task<IEnumerable<FieldError>> LookUpAsync(BodyLookUp look);
}

/// <param name="Db">Of the tenant whose key was shown.</param>
/// <param name="Id">The route's: what is to be changed; null where something is made.</param>
/// <param name="Has">Whether a field was sent, by its name in JSON.</param>
internal sealed record BodyLookUp(
    PortalDbContext Db,
    DateTimeOffset Now,
    Guid? Id,
    Func<string, bool> Has,
    CancellationToken Cancellation
);

/// <summary>A body of which the installation's settings say what is wrong.</summary>
internal interface ICheckedBySettings
{
    /// <param name="has">Whether a field was sent, by its name in JSON.</param>
    /// <returns>Fields by the name of their property.</returns>
    IEnumerable<FieldError> Check(Func<string, bool> has, IServiceProvider services);
}

/// <summary>A body that may as well be left away, as an empty object.</summary>
internal interface IOptionalBody;

/// <summary>Of a route that takes no body: a field in one would be lost, and with it what was asked for.</summary>
internal sealed record NoFields : IOptionalBody;

/// <summary>
/// On a field that may be left out, which widens what is asked for: null is refused there, for whoever sends it has most
/// likely lost a value.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NeverNullAttribute : Attribute;

/// <summary>A parameter that may have gone wrong; then the handler is not called.</summary>
internal interface IReadParameter
{
    ApiProblem? Problem { get; }
}

/// <summary>
/// A JSON body, read strictly: unknown fields, wrong types and missing ones are all found in one pass, where the
/// serializer alone would stop at the first.
/// </summary>
internal sealed class ApiBody<T>
    : IReadParameter,
        IBindableFromHttpContext<ApiBody<T>>,
        IEndpointParameterMetadataProvider
    where T : class
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    private static readonly JsonTypeInfo Shape = ApiJson.Options.GetTypeInfo(typeof(T));

    private readonly HashSet<string> _sent = new(StringComparer.Ordinal);

    private ApiBody(T? value, ApiProblem? problem) => (Value, Problem) = (value!, problem);

    /// <summary>Only where there is no <see cref="Problem"/>.</summary>
    public T Value { get; }

    public ApiProblem? Problem { get; }

    /// <summary>Whether the field was sent, be it as null: for a PATCH, which leaves alone what was not.</summary>
    /// <param name="field">As in JSON.</param>
    public bool Has(string field) => _sent.Contains(field);

    public static async ValueTask<ApiBody<T>?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        await ReadAsync(context);

    public static async Task<ApiBody<T>> ReadAsync(HttpContext context)
    {
        var bytes = await RequestBody.ReadAsync(context);
        if (bytes.Length == 0 && typeof(T).IsAssignableTo(typeof(IOptionalBody)))
        {
            return await CheckAsync([], context);
        }

        if (!context.Request.HasJsonContentType())
        {
            return new ApiBody<T>(null, ApiErrors.UnsupportedMediaType.Say("Send JSON as application/json."));
        }

        try
        {
            return Members(bytes) is { } members
                ? await CheckAsync(members, context)
                : new ApiBody<T>(null, ApiErrors.InvalidBody.Say("The body must be one JSON object."));
        }
        catch (JsonException exception)
        {
            return new ApiBody<T>(
                null,
                ApiErrors.InvalidBody.Say(
                    exception.LineNumber is { } line
                        ? $"Line {line + 1}, byte {exception.BytePositionInLine + 1}: the JSON ends or goes wrong there."
                        : exception.Message
                )
            );
        }
    }

    /// <returns>Null when it is no object.</returns>
    /// <exception cref="JsonException">It is not JSON, or a name in it is no text.</exception>
    private static List<(string Name, JsonElement Value)>? Members(byte[] bytes)
    {
        try
        {
            var body = JsonElement.Parse(bytes, Strict);
            return body.ValueKind == JsonValueKind.Object
                ? [.. body.EnumerateObject().Select(member => (member.Name, member.Value))]
                : null;
        }
        catch (InvalidOperationException exception)
        {
            throw new JsonException("A name in the JSON holds half of a character, or is not UTF-8.", exception);
        }
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(
            new AcceptsMetadata(
                ["application/json"],
                typeof(T),
                isOptional: typeof(T).IsAssignableTo(typeof(IOptionalBody))
            )
        );

    private static async Task<ApiBody<T>> CheckAsync(
        List<(string Name, JsonElement Value)> members,
        HttpContext context
    )
    {
        var errors = new List<FieldError>();
        var valid = new JsonObject();
        foreach (var (name, sentValue) in members)
        {
            if (Shape.Properties.FirstOrDefault(property => property.Name == name) is not { } property)
            {
                errors.Add(new FieldError(name, "There is no such field here."));
                continue;
            }

            try
            {
                sentValue.Deserialize(property.PropertyType, ApiJson.Options);
                valid[name] = JsonNode.Parse(sentValue.GetRawText());
                errors.AddRange(Nulls(property, sentValue, name));
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException)
            {
                errors.Add(new FieldError(name, $"Must be {ShapeWords.Of(property.PropertyType)}."));
            }
        }

        var value = (T)valid.Deserialize(Shape)!;
        errors.AddRange(
            Shape
                .Properties.Where(property =>
                    property.AttributeProvider?.IsDefined(typeof(RequiredAttribute), inherit: true) == true
                    && property.Get!(value) is null
                    && !errors.Exists(error => error.Field == property.Name)
                )
                .Select(property => new FieldError(property.Name, "Is required."))
        );
        var sent = members.Select(member => member.Name).ToHashSet(StringComparer.Ordinal);
        Add((value as IChecked)?.Check());
        Add((value as ICheckedBySent)?.Check(sent.Contains));
        Add((value as ICheckedBySettings)?.Check(sent.Contains, context.RequestServices));
        if (errors.Count > 0)
        {
            Add((value as ICheckedByItsCommand)?.Faults(sent.Contains));
            Add(value is ILookedUp named ? await LookUpAsync(named, sent.Contains, context) : null);
        }

        var read = errors.Count > 0 ? new ApiBody<T>(null, ApiErrors.Fields(errors)) : new ApiBody<T>(value, null);
        read._sent.UnionWith(sent);
        return read;

        // A field whose shape is wrong reads as missing; it has been told of already.
        void Add(IEnumerable<FieldError>? further) =>
            errors.AddRange(
                (further ?? [])
                    .Select(found => found with { Field = JsonNamingPolicy.SnakeCaseLower.ConvertName(found.Field) })
                    .Where(found => !errors.Exists(error => error.Field == found.Field))
                    .ToList()
            );
    }

    private static async Task<IEnumerable<FieldError>> LookUpAsync(
        ILookedUp body,
        Func<string, bool> has,
        HttpContext context
    )
    {
        var portal = context.RequestServices.GetRequiredService<PortalDb>();
        var call = context.RequestServices.GetRequiredService<ApiCall>();
        await using var db = portal.Read(call.Caller.Scope);
        var id = Guid.TryParse(context.GetRouteValue("id") as string, out var named) ? named : (Guid?)null;
        return await body.LookUpAsync(new BodyLookUp(db, portal.Time.GetUtcNow(), id, has, context.RequestAborted));
    }

    /// <param name="at">Its path in the body.</param>
    private static IEnumerable<FieldError> Nulls(JsonPropertyInfo field, JsonElement value, string at) =>
        value.ValueKind switch
        {
            JsonValueKind.Null when field.AttributeProvider?.IsDefined(typeof(NeverNullAttribute), true) == true =>
            [
                new FieldError(at, "Null says nothing here: give a value, or leave the field out."),
            ],
            JsonValueKind.Object => ApiJson
                .Options.GetTypeInfo(field.PropertyType)
                .Properties.SelectMany(inner =>
                    value.TryGetProperty(inner.Name, out var member) ? Nulls(inner, member, $"{at}.{inner.Name}") : []
                ),
            _ => [],
        };
}

/// <summary>The body's hash, for <c>Idempotency-Key</c>; its bytes are read once.</summary>
internal sealed class RequestBody
{
    private readonly Lazy<string> _hash;

    private RequestBody(Func<byte[]> sha256) => _hash = new Lazy<string>(() => Convert.ToHexStringLower(sha256()));

    /// <exception cref="BadHttpRequestException">Longer than the route takes.</exception>
    public static async Task<byte[]> ReadAsync(HttpContext http)
    {
        using var bytes = new MemoryStream();
        await http.Request.Body.CopyToAsync(bytes, http.RequestAborted);
        var read = bytes.ToArray();
        http.Features.Set(new RequestBody(() => SHA256.HashData(IsEmptyObject(read) ? [] : read)));
        return read;
    }

    // {} is the same request as no body at all.
    private static bool IsEmptyObject(ReadOnlySpan<byte> body)
    {
        var text = body.Trim(" \t\r\n"u8);
        return text is [(byte)'{', .. var between, (byte)'}'] && between.Trim(" \t\r\n"u8).IsEmpty;
    }

    /// <summary>For a body that is too long to be held: the command reads it to its end before its transaction begins.</summary>
    /// <param name="sha256">Of what was read; asked for once.</param>
    public static void ReadLater(HttpContext http, Func<byte[]> sha256) => http.Features.Set(new RequestBody(sha256));

    /// <summary>SHA-256 in hexadecimal, also of a body that was not read for its JSON, such as an empty one.</summary>
    public static async Task<Func<string>> HashAsync(HttpContext http)
    {
        if (http.Features.Get<RequestBody>() is null)
        {
            await ReadAsync(http);
        }

        var hash = http.Features.Get<RequestBody>()!._hash;
        return () => hash.Value;
    }
}

/// <summary>What a field should have been, for whoever reads the message.</summary>
internal static class ShapeWords
{
    public static string Of(Type type)
    {
        var bare = Nullable.GetUnderlyingType(type) ?? type;
        return bare == typeof(string) ? "text"
            : bare == typeof(bool) ? "true or false"
            : bare == typeof(int) ? "a whole number"
            : bare == typeof(Guid) ? "an id, as 0190f3a2-…"
            : bare == typeof(DateTimeOffset) ? "an instant, as 2026-12-01T09:00:00Z or 2026-12-01T10:00:00+01:00"
            : bare.IsEnum
                ? "one of " + string.Join(", ", Enum.GetNames(bare).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName))
            : bare.IsAssignableTo(typeof(System.Collections.IDictionary))
            || bare.Name.Contains("Dictionary", StringComparison.Ordinal)
                ? "an object of names and texts"
            : bare.IsAssignableTo(typeof(System.Collections.IEnumerable)) ? "a list"
            : "an object of "
                + string.Join(", ", ApiJson.Options.GetTypeInfo(bare).Properties.Select(property => property.Name))
                + " and nothing else";
    }
}
