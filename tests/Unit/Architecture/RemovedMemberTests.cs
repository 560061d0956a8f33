using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Hosting;
using UnitTests.Support;

namespace UnitTests.Architecture;

/// <summary>
/// Every use case of the real portal that takes a caller, called by somebody who was a member a moment ago. Found by
/// reflection: a new one is in it by itself.
/// </summary>
public sealed class RemovedMemberTests(WallTests.Portal portal) : IClassFixture<WallTests.Portal>
{
    /// <summary>
    /// Use cases that only read. A page under <c>/t/{slug}</c> asks for the membership before it reads and twice a minute
    /// while it is open; a request of a program is asked for its key. They must tell nothing that is not the tenant's.
    /// </summary>
    private static readonly string[] Reads =
    [
        "ContactExport",
        "ContactList",
        "ImportReport",
        "SegmentList",
        "SenderOverview",
        "SuppressionList",
    ];

    [Fact]
    public async Task EveryCommand_GivenByARemovedMember_IsRefused_AndChangesNothing()
    {
        var methods = UseCaseCalls
            .Of(portal.Host.Services, typeof(Caller))
            .Where(one => !Reads.Contains(one.Type.Name) && !UseCaseCalls.NeedsARequest(one.Type))
            .ToList();
        var (caller, before) = await RemoveAsync();
        var wrong = new List<string>();
        foreach (var (type, method) in methods)
        {
            var outcome = await UseCaseCalls.CallAsync(portal.Host.Services, type, method, caller);
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
