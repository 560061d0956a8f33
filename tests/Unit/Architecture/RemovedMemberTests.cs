using System.Reflection;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Hosting;
using UnitTests.Support;

namespace UnitTests.Architecture;

/// <summary>
/// Every use case of the real portal that takes a caller, called by somebody who was a member a moment ago. Found by
/// reflection: a new one is in it by itself.
/// </summary>
public sealed class RemovedMemberTests(WallTests.Portal portal) : IClassFixture<WallTests.Portal>
{
    /// <summary>Methods that look at what was typed before they look at who typed it, each with something that would pass.</summary>
    private static readonly Dictionary<Type, object?> Typed = new()
    {
        [typeof(string)] = "mail.example.org",
        [typeof(TenantChange)] = new TenantChange("Mine", "UTC"),
    };

    /// <summary>
    /// Use cases that only read. A page under <c>/t/{slug}</c> asks for the membership before it reads and twice a minute
    /// while it is open; a request of a program is asked for its key. They must tell nothing that is not the tenant's.
    /// </summary>
    private static readonly string[] Reads =
    [
        "ApiKeyList",
        "ContactExport",
        "ContactList",
        "ImportReport",
        "SegmentList",
        "SenderOverview",
        "SuppressionList",
    ];

    /// <summary>The door that commands go through, and what only a program with a named request can call.</summary>
    private static readonly string[] NoUseCases = ["PortalDb", "SendEmail"];

    [Fact]
    public async Task EveryCommand_GivenByARemovedMember_IsRefused_AndChangesNothing()
    {
        var methods = UseCases().ToList();
        var (caller, before) = await RemoveAsync();
        var wrong = new List<string>();
        foreach (var (type, method) in methods)
        {
            var outcome = await CallAsync(portal.Host.Services.GetRequiredService(type), method, caller);
            if (outcome is not AccessDeniedException)
            {
                wrong.Add($"{type.Name}.{method.Name} answered {outcome ?? "nothing"}");
            }
        }

        Assert.True(methods.Count > 50, $"The search for use cases has gone blind: {methods.Count}.");
        Assert.Equal([], wrong);
        // What was refused stands in the log, and nothing else of it.
        Assert.Equal(before, await CountAsync(caller.TenantId, denied: false));
        Assert.True(await CountAsync(caller.TenantId, denied: true) > 50, "Denied attempts are not in the log.");
    }

    private IEnumerable<(Type Type, MethodInfo Method)> UseCases() =>
        typeof(PortalDb)
            .Assembly.GetTypes()
            .Where(type =>
                type is { IsClass: true, IsAbstract: false } && portal.Host.Services.GetService(type) is not null
            )
            .SelectMany(type =>
                type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                    .Where(method => method.GetParameters().Any(one => one.ParameterType == typeof(Caller)))
                    .Select(method => (type, method))
            )
            .Where(pair => !Reads.Contains(pair.type.Name) && !NoUseCases.Contains(pair.type.Name))
            .OrderBy(pair => pair.type.FullName, StringComparer.Ordinal)
            .ThenBy(pair => pair.method.Name, StringComparer.Ordinal);

    private static async Task<object?> CallAsync(object useCase, MethodInfo method, Caller caller)
    {
        try
        {
            var arguments = method.GetParameters().Select(one => Argument(one, caller)).ToArray();
            var result = method.Invoke(useCase, arguments);
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

    private static object? Argument(ParameterInfo parameter, Caller caller) =>
        parameter.ParameterType switch
        {
            var type when type == typeof(Caller) => caller,
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

    private async Task<(Caller Caller, int Entries)> RemoveAsync()
    {
        await using var db = portal.Host.Get<PortalDb>().Read(TenantScope.Installation);
        var tenant = await db.Tenants.SingleAsync(row => row.Slug == "south");
        var owner = await db.Memberships.SingleAsync(row => row.TenantId == tenant.Id && row.Role == TenantRole.Owner);
        var scope = TenantScope.For(tenant.Id);
        var boss = new Caller(scope, new Actor(ActorKind.User, owner.UserId, "Owner", null));
        var operatorId = (await db.Users.SingleAsync(user => user.IsOperator)).Id;
        var invited = Assert.IsType<AddMemberResult.Invited>(
            await portal.Host.Get<AddMember>().ExecuteAsync(boss, RealHost.Email, TenantRole.Owner, default)
        );
        var actor = new Actor(ActorKind.User, operatorId, "Removed", "192.0.2.9");
        Assert.IsType<JoinAnswer.Joined>(
            await portal.Host.Get<JoinTenant>().ExecuteAsync(invited.InvitationToken, actor, default)
        );
        await portal.Host.Get<RemoveMember>().ExecuteAsync(boss, operatorId, default);
        return (new Caller(scope, actor), await CountAsync(tenant.Id, denied: false));
    }

    private async Task<int> CountAsync(Guid tenantId, bool denied)
    {
        await using var db = portal.Host.Get<PortalDb>().Read(TenantScope.For(tenantId));
        return await db.AuditEntries.CountAsync(entry => denied == (entry.Action == "command.denied"));
    }
}
