using System.Reflection;
using Ledgerpost.Data;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.Extensions.DependencyInjection;

namespace UnitTests.Architecture;

/// <summary>
/// Use cases of the real portal, found by reflection and called with what their signatures ask for: a new one is among them by
/// itself.
/// </summary>
internal static class UseCaseCalls
{
    /// <summary>Methods that look at what was typed before they look at who typed it, each with something that would pass.</summary>
    private static readonly Dictionary<Type, object?> Typed = new()
    {
        [typeof(string)] = "mail.example.org",
        [typeof(TenantChange)] = new TenantChange("Mine", "UTC"),
        [typeof(Stream)] = Stream.Null,
        [typeof(TenantInput)] = new TenantInput("Mine", "mine-too"),
    };

    /// <summary>What only a program with a named request can call.</summary>
    public static bool NeedsARequest(Type type) => type == typeof(SendEmail);

    /// <param name="who">A type that stands among the parameters: whoever acts.</param>
    public static IEnumerable<(Type Type, MethodInfo Method)> Of(IServiceProvider services, Type who)
    {
        using var scope = services.CreateScope();
        return
        [
            .. Types()
                // The door that commands go through is none.
                .Where(type => type != typeof(PortalDb))
                .SelectMany(type =>
                    Methods(type)
                        .Where(method => method.GetParameters().Any(one => one.ParameterType == who))
                        .Select(method => (type, method))
                )
                .Where(pair => scope.ServiceProvider.GetService(pair.type) is not null)
                .OrderBy(pair => pair.type.FullName, StringComparer.Ordinal)
                .ThenBy(pair => pair.method.Name, StringComparer.Ordinal),
        ];
    }

    public static IEnumerable<MethodInfo> Methods(Type type) =>
        type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly);

    /// <summary>As a table names it; overloads by what makes them different.</summary>
    public static string Name(Type type, MethodInfo method) =>
        method.Name == "ExecuteAsync" ? type.Name : $"{type.Name}.{method.Name}";

    /// <summary>Fails with each line of which only one knows.</summary>
    public static void AssertSame(IEnumerable<string> table, IEnumerable<string> found)
    {
        var (listed, seen) = (table.ToHashSet(StringComparer.Ordinal), found.ToHashSet(StringComparer.Ordinal));
        var wrong = seen.Except(listed, StringComparer.Ordinal)
            .Select(line => $"not in the table: {line}")
            .Concat(listed.Except(seen, StringComparer.Ordinal).Select(line => $"in the table alone: {line}"))
            .Order(StringComparer.Ordinal)
            .ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <param name="who">Stands where its type is asked for.</param>
    /// <returns>The answer, or what was thrown.</returns>
    public static async Task<object?> CallAsync(
        IServiceProvider services,
        Type type,
        MethodInfo method,
        params object[] who
    )
    {
        await using var scope = services.CreateAsyncScope();
        try
        {
            var arguments = method.GetParameters().Select(one => Argument(one, who)).ToArray();
            var result = method.Invoke(scope.ServiceProvider.GetRequiredService(type), arguments);
            if (result is Task task)
            {
                await task;
                return task.GetType().GetProperty("Result")?.GetValue(task);
            }

            return result;
        }
        catch (TargetInvocationException thrown)
        {
            return thrown.InnerException;
        }
        catch (Exception thrown)
        {
            return thrown;
        }
    }

    private static IEnumerable<Type> Types() =>
        typeof(PortalDb)
            .Assembly.GetTypes()
            .Concat(typeof(AdminPortal.PortalApplication).Assembly.GetTypes())
            .Where(type => type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false });

    private static object? Argument(ParameterInfo parameter, object[] who) =>
        parameter.ParameterType switch
        {
            var type when Array.Find(who, one => one.GetType() == type) is { } actor => actor,
            var type when type == typeof(CancellationToken) => CancellationToken.None,
            { Name: "String" } when parameter.Name is "email" or "to" => "ada@example.org",
            { Name: "String" } when parameter.Name is "region" => "eu-west-1",
            var type when Typed.TryGetValue(type, out var value) => value,
            var type when type == typeof(Guid) => new Guid("0198c3a0-0000-7000-8000-000000000001"),
            _ when parameter.HasDefaultValue => parameter.DefaultValue,
            var type => Made(type),
        };

    /// <summary>A value of whatever it is: the shortest constructor, with values made the same way.</summary>
    private static object? Made(Type type)
    {
        if (type.IsValueType)
        {
            return Nullable.GetUnderlyingType(type) is null ? Activator.CreateInstance(type) : null;
        }

        if (
            type.IsGenericType
            && type.GetGenericArguments() is [var item]
            && type.IsAssignableFrom(item.MakeArrayType())
        )
        {
            return Array.CreateInstance(item, 0);
        }

        if (type.IsInterface || type.IsAbstract || typeof(Delegate).IsAssignableFrom(type))
        {
            return null;
        }

        var constructor = type.GetConstructors().OrderBy(one => one.GetParameters().Length).FirstOrDefault();
        return constructor?.Invoke([
            .. constructor
                .GetParameters()
                .Select(one =>
                    Typed.TryGetValue(one.ParameterType, out var value) ? value
                    : one.HasDefaultValue ? one.DefaultValue
                    : Made(one.ParameterType)
                ),
        ]);
    }
}
