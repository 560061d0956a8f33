using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Segments;
using Ledgerpost.Tenancy;

namespace UnitTests.Isolation;

/// <summary>Makes what a use case asks for out of its signature, with one id wherever an id can stand, however deep.</summary>
/// <param name="ownContact">Of the caller's: stands where contacts are named beside another id.</param>
/// <param name="actor">Who acts, where that is no member of a tenant.</param>
internal sealed class Arguments(Caller caller, Guid id, Guid ownContact = default, Actor? actor = null)
{
    private readonly NullabilityInfoContext _nullability = new();

    /// <summary>Whether the id stands anywhere in what was made.</summary>
    public bool UseId { get; private set; }

    /// <summary>What the use case is given to write to, if anything.</summary>
    public MemoryStream? Stream { get; private set; }

    public object?[] For(MethodInfo method)
    {
        var namesAnother = method.GetParameters().Any(parameter => parameter.ParameterType == typeof(Guid));
        return
        [
            .. method
                .GetParameters()
                .Select(parameter =>
                    parameter.ParameterType == typeof(ContactSelection) && namesAnother && ownContact != default
                        ? new SelectedContacts(ownContact)
                    : parameter is { HasDefaultValue: true, ParameterType.IsEnum: true } ? parameter.DefaultValue
                    // What narrows a list would leave nothing of it.
                    : parameter.Name is "email" or "search" or "to" && MayBeMissing(parameter) ? null
                    // No program's request is asked for again.
                    : parameter.ParameterType == typeof(ICommandRecord) ? null
                    : Make(parameter.ParameterType, parameter.Name!, 0)
                ),
        ];
    }

    private object? Make(Type type, string name, int depth)
    {
        if (depth > 4)
        {
            return type.IsValueType ? Activator.CreateInstance(type) : null;
        }

        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (plain == typeof(Caller))
        {
            return caller;
        }

        if (plain == typeof(Actor) && actor is not null)
        {
            return actor;
        }

        if (plain == typeof(TenantScope))
        {
            return caller.Scope;
        }

        if (plain == typeof(Guid))
        {
            UseId = true;
            return id;
        }

        if (plain == typeof(string))
        {
            return Word(name);
        }

        if (plain == typeof(Stream))
        {
            return Stream = new MemoryStream();
        }

        if (plain == typeof(JsonElement))
        {
            return JsonDocument.Parse("{}").RootElement;
        }

        // What may be left out is, unless it is an id.
        if (
            plain != type
            || plain == typeof(CancellationToken)
            || typeof(Delegate).IsAssignableFrom(plain)
            || plain == typeof(object)
        )
        {
            return plain == type && plain.IsValueType ? Activator.CreateInstance(plain) : null;
        }

        if (plain == typeof(AudienceKind))
        {
            return AudienceKind.Segment;
        }

        // By tags; its name and theirs are given.
        if (plain == typeof(SegmentMatch))
        {
            return SegmentMatch.Any;
        }

        if (plain.IsEnum)
        {
            return Enum.ToObject(plain, Enum.GetValuesAsUnderlyingType(plain).Cast<object>().Last());
        }

        if (plain == typeof(DateTimeOffset))
        {
            return DateTimeOffset.UnixEpoch.AddDays(20_000);
        }

        if (plain.IsPrimitive)
        {
            return Convert.ChangeType(name == "number" ? CanaryRows.Number : 1, plain, CultureInfo.InvariantCulture);
        }

        return Many(plain, name, depth) ?? One(plain, depth);
    }

    private object? Many(Type type, string name, int depth)
    {
        var of = type.IsArray
            ? type.GetElementType()
            : type.GetInterfaces()
                .Append(type)
                .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>))
                ?.GetGenericArguments()[0];
        if (of is null || type == typeof(string))
        {
            return null;
        }

        if (of.IsGenericType && of.GetGenericTypeDefinition() == typeof(KeyValuePair<,>))
        {
            var map = (IDictionary)
                Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(of.GetGenericArguments()))!;
            return map;
        }

        var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(of))!;
        if (Make(of, name, depth + 1) is { } item)
        {
            list.Add(item);
        }

        if (type.IsArray)
        {
            var array = Array.CreateInstance(of, list.Count);
            list.CopyTo(array, 0);
            return array;
        }

        return type.IsInstanceOfType(list)
            ? list
            : Activator.CreateInstance(typeof(HashSet<>).MakeGenericType(of), list);
    }

    // A closed set of records: the first that has an id in it, or the first.
    private object? One(Type type, int depth)
    {
        if (type.IsAbstract || type.IsInterface)
        {
            var kinds = type
                .Assembly.GetTypes()
                .Where(other => !other.IsAbstract && type.IsAssignableFrom(other))
                .OrderByDescending(kind =>
                    Constructor(kind)
                        ?.GetParameters()
                        .Any(p => p.ParameterType == typeof(Guid) || p.ParameterType == typeof(IEnumerable<Guid>))
                    == true
                )
                .ToList();
            return kinds.Count == 0 ? null : One(kinds[0], depth + 1);
        }

        if (Constructor(type) is not { } constructor)
        {
            return null;
        }

        var made = constructor.Invoke([
            .. constructor
                .GetParameters()
                // What a person types is typed, or nothing would get past the look at the fields.
                .Select(p =>
                    MayBeMissing(p) && !type.Name.EndsWith("Input", StringComparison.Ordinal)
                        ? null
                        : Make(p.ParameterType, p.Name!, depth + 1)
                ),
        ]);
        foreach (
            var property in type.GetProperties()
                .Where(p => p.SetMethod is { IsPublic: true } && p.PropertyType == typeof(Guid?))
        )
        {
            UseId = true;
            property.SetValue(made, id);
        }

        return made;
    }

    private bool MayBeMissing(ParameterInfo parameter) =>
        (Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType) != typeof(Guid)
        && _nullability.Create(parameter).WriteState == NullabilityState.Nullable;

    private static ConstructorInfo? Constructor(Type type) =>
        type.GetConstructors().OrderByDescending(constructor => constructor.GetParameters().Length).FirstOrDefault();

    private static string Word(string name) =>
        name.ToLowerInvariant() switch
        {
            "email" or "to" or "address" or "replyto" => "ada@example.org",
            "url" => "https://hooks.example.org/in",
            "domain" => "example.org",
            "localpart" => "news",
            "html" => "<p>Hello. <a href=\"{{unsubscribe_url}}\">No more</a></p>",
            "slug" => "another",
            "timezone" => "UTC",
            "action" => "sent",
            _ => "word",
        };
}
