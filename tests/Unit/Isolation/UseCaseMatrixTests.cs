using System.Collections;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Api;
using UnitTests.Architecture;
using UnitTests.Support;

namespace UnitTests.Isolation;

/// <summary>
/// Everything that pages, routes and jobs can ask for in a tenant's name, found by reflection, is asked for by North's owner with
/// each id that South has. The answer must be the one for an id that nobody has, after the same statements, South's rows stay as they
/// were, and no word of South's comes back.
/// </summary>
public sealed class UseCaseMatrixTests
{
    private const string Canary = TwoTenants.Canary;

    private static readonly JsonSerializerOptions Shown = new()
    {
        ReferenceHandler = ReferenceHandler.IgnoreCycles,
        IncludeFields = true,
    };

    /// <summary>
    /// Whose answer is the same whatever id is asked for, North's own too, because the rows that are made here are not of the kind that
    /// it acts upon: there the comparison proves nothing by itself. What is not listed is seen to tell North's own ids from others.
    /// </summary>
    private static readonly Dictionary<string, string> TellsNoIdsApart = new(StringComparer.Ordinal)
    {
        ["FindPreviewPeople.ExecuteAsync"] =
            "the segment and the campaign to continue have one id; RouteMatrixTests asks with each alone",
        ["SendEmail.ExecuteAsync"] = "without a request of a program nothing is sent; RouteMatrixTests sends",
        ["ReplayEvent.ExecuteAsync"] =
            "the id is the provider account's, which all share; events are named by the provider's text",
    };

    /// <summary>What changes rows of the tenant and is no deed of anybody's, so that its log has no entry of it.</summary>
    private static readonly Dictionary<string, string> ChangesWithoutAWord = new(StringComparer.Ordinal)
    {
        ["CheckSendingDomain.ExecuteAsync"] = "when it was looked at; what that look changed is written",
    };

    [Fact]
    public async Task EveryUseCase_AskedWithAnothersIds_AnswersAsForIdsThatNobodyHas()
    {
        // Its loops stand still: what they find due they would do, and South's rows are to be changed by nobody.
        await using var world = await TwoTenants.StartAsync();
        var (api, portal) = (world.Api, world.Portal);
        var before = await portal.DumpAsync(api.South.TenantId);
        var useCases = UseCases(api.Host.Services).ToList();
        var wrong = new List<string>();
        var apart = new HashSet<string>(StringComparer.Ordinal);

        Assert.True(useCases.Count >= 60, $"Only {useCases.Count} use cases were found.");
        // Nobody is left to ask after the last of them, and they take no id.
        foreach (var (name, type, method) in useCases.Where(one => Deletes(one.Name) < 3))
        {
            foreach (var (table, id) in world.South)
            {
                var compared = await CompareAsync(world, type, method, id);
                if (
                    ((compared.IsApart || compared.AsksOtherwise) && AsksForAnId(api, method))
                    || compared.Asked.Said.Contains(Canary, StringComparison.OrdinalIgnoreCase)
                )
                {
                    wrong.Add(
                        $"{name} with the id of South's {table}: {compared.Asked}\n  for nobody's: {compared.Nobodys}"
                    );
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        AssertSame(before, await portal.DumpAsync(api.South.TenantId));
        // What deletes goes last, so that there is something for the others.
        var silent = new HashSet<string>(StringComparer.Ordinal);
        var rows = await portal.DumpAsync(api.North.TenantId);
        foreach (var (name, type, method) in useCases.OrderBy(one => Deletes(one.Name)))
        {
            foreach (var (_, id) in world.North)
            {
                if ((await CompareAsync(world, type, method, id)).IsApart)
                {
                    apart.Add(name);
                }
            }

            var now = await portal.DumpAsync(api.North.TenantId);
            if (ChangedWithoutAWord(rows, now))
            {
                silent.Add(name);
            }

            rows = now;
        }

        AssertListed(ChangesWithoutAWord.Keys, silent);

        var together = useCases
            .Where(one => AsksForAnId(api, one.Method) && !apart.Contains(one.Name))
            .Select(one => one.Name)
            .ToHashSet(StringComparer.Ordinal);
        AssertListed(TellsNoIdsApart.Keys, together);
        AssertSame(before, await portal.DumpAsync(api.South.TenantId));
    }

    /// <summary>What buttons of operators' pages do: names and numbers come back, and no other word of a tenant's.</summary>
    [Fact]
    public async Task EveryUseCaseOfAPerson_AskedByAnOperatorWithATenantsIds_SaysNoWordOfIts()
    {
        await using var world = await TwoTenants.StartAsync(asOperator: true);
        var useCases = UseCaseCalls.Of(world.Api.Host.Services, typeof(Actor)).ToList();
        var said = new List<string>();
        foreach (var (type, method) in useCases.OrderBy(one => Deletes(UseCaseCalls.Name(one.Type, one.Method))))
        {
            foreach (var id in world.South.Values.Distinct())
            {
                var asked = await AskAsync(world, type, method, id, world.Operator);
                said.Add($"{UseCaseCalls.Name(type, method)}: {asked.Said}");
            }
        }

        Assert.True(useCases.Count > 30, $"Only {useCases.Count} use cases were found.");
        Assert.Contains(said, line => line.Contains(TwoTenants.NameOfAnother, StringComparison.Ordinal));
        Assert.DoesNotContain(
            said,
            line =>
                line.Replace(TwoTenants.NameOfAnother, "", StringComparison.Ordinal)
                    .Contains(Canary, StringComparison.OrdinalIgnoreCase)
        );
    }

    /// <summary>Rows of the tenant are others than before, and its log has no new entry.</summary>
    private static bool ChangedWithoutAWord(IReadOnlyList<string> before, IReadOnlyList<string> after)
    {
        var changed = after.Except(before, StringComparer.Ordinal).Concat(before.Except(after, StringComparer.Ordinal));
        return changed.ToList() is { Count: > 0 } rows
            && !rows.Exists(row => row.StartsWith("AuditEntries ", StringComparison.Ordinal));
    }

    private static void AssertListed(IReadOnlyCollection<string> listed, HashSet<string> found) =>
        Assert.True(
            found.SetEquals(listed),
            $"Not listed: {string.Join(", ", found.Except(listed, StringComparer.Ordinal))}. Listed and not so: {string.Join(", ", listed.Except(found, StringComparer.Ordinal))}."
        );

    private static void AssertSame(IReadOnlyList<string> before, IReadOnlyList<string> after)
    {
        Assert.Empty(before.Except(after, StringComparer.Ordinal));
        Assert.Empty(after.Except(before, StringComparer.Ordinal));
    }

    private static bool AsksForAnId(ApiHost api, MethodInfo method)
    {
        var arguments = new Arguments(api.North.Caller, Guid.Empty);
        _ = arguments.For(method);
        return arguments.UseId;
    }

    private static int Deletes(string name) =>
        name.StartsWith("DeleteTenant", StringComparison.Ordinal)
        || name.StartsWith("LeaveTenant", StringComparison.Ordinal)
            ? 3
        // The owner loses the role in which all of this is asked.
        : name.Contains("Member", StringComparison.Ordinal) ? 2
        // Listed while it is there, and removed before another reason makes another entry of it.
        : name.StartsWith("SuppressionList", StringComparison.Ordinal) ? -2
        : name.StartsWith("RemoveSuppression", StringComparison.Ordinal) ? -1
        // What somebody is taken out of stays.
        : name.StartsWith("RemoveFrom", StringComparison.Ordinal) ? 0
        : name.Contains("Delete", StringComparison.Ordinal)
        || name.Contains("Remove", StringComparison.Ordinal)
        || name.Contains("Revoke", StringComparison.Ordinal)
        || name.Contains("Decide", StringComparison.Ordinal)
            ? 1
        : 0;

    /// <summary>Public methods of registered services that act for a caller or in a scope.</summary>
    private static IEnumerable<(string Name, Type Type, MethodInfo Method)> UseCases(IServiceProvider services)
    {
        using var scope = services.CreateScope();
        foreach (
            var type in typeof(PortalDb)
                .Assembly.GetExportedTypes()
                .Concat(typeof(AdminPortal.PortalApplication).Assembly.GetTypes())
        )
        {
            if (!type.IsClass || type.IsAbstract || type.ContainsGenericParameters)
            {
                continue;
            }

            foreach (
                var method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                    .Where(method => !method.ContainsGenericParameters)
                    .Where(method =>
                        method
                            .GetParameters()
                            .Any(p => p.ParameterType == typeof(Caller) || p.ParameterType == typeof(TenantScope))
                        && method.GetParameters().All(p => p.ParameterType != typeof(PortalDbContext))
                    )
            )
            {
                if (type != typeof(PortalDb) && scope.ServiceProvider.GetService(type) is not null)
                {
                    yield return ($"{type.Name}.{method.Name}", type, method);
                }
            }
        }
    }

    /// <summary>
    /// With this id, and before and after it with the one next to it, which is nobody's: what a use case adds may change its next
    /// answer, and an id may be a place in a list.
    /// </summary>
    private static async Task<Compared> CompareAsync(TwoTenants world, Type type, MethodInfo method, Guid id)
    {
        var next = TwoTenants.Nobodys(id);
        var before = await AskAsync(world, type, method, next);
        var answer = await AskAsync(world, type, method, id);
        var after = await AskAsync(world, type, method, next);
        return new Compared(
            answer.Said != before.Said && answer.Said != after.Said,
            answer.Statements != before.Statements && answer.Statements != after.Statements,
            answer,
            before
        );
    }

    private static async Task<Asked> AskAsync(
        TwoTenants world,
        Type type,
        MethodInfo method,
        Guid id,
        Actor? actor = null
    )
    {
        await using var scope = world.Api.Host.Services.CreateAsyncScope();
        var arguments = new Arguments(world.Api.North.Caller, id, world.OfNorth("Contact"), actor);
        var values = arguments.For(method);
        world.Statements.Take();
        string said;
        try
        {
            var answer = method.Invoke(scope.ServiceProvider.GetRequiredService(type), values);
            said = Text(await ResultAsync(answer)) + Encoding.UTF8.GetString(arguments.Stream?.ToArray() ?? []);
        }
        catch (TargetInvocationException exception)
        {
            said = Failure(exception.InnerException!);
        }
        catch (Exception exception)
        {
            said = Failure(exception);
        }

        return new Asked(NewEachTime.Blank(said), string.Join('\n', world.Statements.Take()));
    }

    private static string Failure(Exception exception) => $"{exception.GetType().Name}: {exception.Message}";

    private static async Task<object?> ResultAsync(object? answer)
    {
        if (answer is Task task)
        {
            await task;
            return task.GetType().GetProperty("Result") is { } result && result.PropertyType.Name != "VoidTaskResult"
                ? result.GetValue(task)
                : null;
        }

        return answer;
    }

    private static string Text(object? answer)
    {
        if (answer is null)
        {
            return "nothing";
        }

        if (answer is byte[] bytes)
        {
            return Encoding.UTF8.GetString(bytes);
        }

        try
        {
            return answer.GetType().Name + JsonSerializer.Serialize(answer, answer.GetType(), Shown);
        }
        catch (NotSupportedException)
        {
            return answer is IEnumerable many ? string.Join(';', many.Cast<object>()) : answer.ToString()!;
        }
    }

    /// <param name="Statements">What the database was asked, without values.</param>
    private sealed record Asked(string Said, string Statements);

    /// <param name="AsksOtherwise">Whoever measures could tell the one from the other.</param>
    private sealed record Compared(bool IsApart, bool AsksOtherwise, Asked Asked, Asked Nobodys);
}
