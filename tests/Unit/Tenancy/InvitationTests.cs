using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Tenancy;

/// <summary>An account that was there before is invited: it gets into a tenant only with that tenant's link.</summary>
public sealed class InvitationTests
{
    private const string Victim = "vera@example.org";

    [Fact]
    public async Task Squatter_WhoSetThePasswordOfAForeignAddress_DoesNotGetIntoTheSecondTenant()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var squatted = await AddAsync(database, north, Victim);
        var setUp = await UseAsync(database, squatted.SetUpToken!);
        var vera = Assert.IsType<SetUpResult.Done>(setUp).UserId;

        var invited = await InviteAsync(database, south, Victim);

        var directory = new TenantDirectory(database.Db);
        Assert.Equal(vera, invited.UserId);
        Assert.Null(await directory.EnterAsync(vera, null, "south", default));
        Assert.Equal(["north"], (await directory.OfPersonAsync(vera, default)).Select(tenant => tenant.Slug));
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            database.Db.CommandAsync(
                new Caller(south.Scope, As(vera)),
                TenantRole.Viewer,
                (_, _) => Task.FromResult(true),
                default
            )
        );
        // The one link that the squatter holds is no invitation.
        Assert.IsType<JoinAnswer.Over>(
            await new JoinTenant(database.Db).ExecuteAsync(squatted.SetUpToken!, As(vera), default)
        );
        Assert.Equal(4, (await new MemberList(database.Db).ReadAsync(south.Scope, default)).Count);
    }

    [Fact]
    public async Task AccountThatIsNotSetUpYet_StaysWithTheTenantThatMadeIt()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var added = await AddAsync(database, north, Victim);

        var invited = await InviteAsync(database, south, Victim);

        Assert.Null(await RoleAsync(database, south, added.UserId));
        Assert.Null(
            await new RenewSetUpLink(database.Db).ExecuteAsync(south.As(TenantRole.Owner), added.UserId, default)
        );
        var renewed = await new RenewSetUpLink(database.Db).ExecuteAsync(
            north.As(TenantRole.Owner),
            added.UserId,
            default
        );
        Assert.IsType<SetUpResult.Done>(await UseAsync(database, renewed!.Token));
        // Neither the renewal nor the first password ended the other tenant's invitation.
        Assert.IsType<JoinAnswer.Joined>(
            await new JoinTenant(database.Db).ExecuteAsync(invited.InvitationToken, As(added.UserId), default)
        );
    }

    [Fact]
    public async Task Invitation_SetsNoPassword()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        await AddAsync(database, north, Victim);
        var invited = await InviteAsync(database, south, Victim);

        var result = await UseAsync(database, invited.InvitationToken);

        Assert.IsType<SetUpResult.LinkOver>(result);
        Assert.Null(await new UseSetUpLink(database.Db, database.Ids).LookAsync(invited.InvitationToken, default));
        await using var db = database.Db.Read(TenantScope.None);
        Assert.Null((await db.Users.SingleAsync(user => user.Id == invited.UserId)).PasswordHash);
    }

    [Fact]
    public async Task AbandonedAccount_IsAddedAnew_AndTheLinkFromBeforeHasEnded()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var kept = await AddAsync(database, north, Victim);
        await new RemoveMember(database.Db).ExecuteAsync(north.As(TenantRole.Owner), kept.UserId, default);

        var added = await AddAsync(database, south, Victim);

        Assert.Equal(kept.UserId, added.UserId);
        Assert.IsType<SetUpResult.LinkOver>(await UseAsync(database, kept.SetUpToken!));
        Assert.IsType<SetUpResult.Done>(await UseAsync(database, added.SetUpToken!));
    }

    [Fact]
    public async Task RightAccount_JoinsOnce_AndItIsAuditedInThatTenantAlone()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var viewer = north.People[TenantRole.Viewer];
        var token = (await InviteAsync(database, south, "viewer@NORTH.test")).InvitationToken;
        var join = new JoinTenant(database.Db);

        Assert.Equal(
            new JoinAnswer.Invited("south Ltd", "south", TenantRole.Editor),
            await join.LookAsync(token, As(viewer), default)
        );
        Assert.Null(await RoleAsync(database, south, viewer));
        Assert.Equal(new JoinAnswer.Joined("south"), await join.ExecuteAsync(token, As(viewer), default));
        Assert.Equal(TenantRole.Editor, await RoleAsync(database, south, viewer));
        Assert.Equal(TenantRole.Viewer, await RoleAsync(database, north, viewer));
        await new RemoveMember(database.Db).ExecuteAsync(south.As(TenantRole.Owner), viewer, default);
        Assert.IsType<JoinAnswer.Used>(await join.ExecuteAsync(token, As(viewer), default));
        Assert.Null(await RoleAsync(database, south, viewer));

        Assert.Equal(["member.invited", "member.joined", "member.removed"], await ActionsAsync(database, south));
        Assert.Empty(await ActionsAsync(database, north));
        await using var db = database.Db.Read(south.Scope);
        var entry = await db.AuditEntries.SingleAsync(row => row.Action == "member.joined");
        Assert.Equal((viewer, "192.0.2.7", "viewer@north.test"), (entry.ActorId, entry.From, entry.TargetName));
    }

    [Fact]
    public async Task ManyAtOnce_WithOneInvitation_OneJoins()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var viewer = north.People[TenantRole.Viewer];
        var token = (await InviteAsync(database, south, "viewer@north.test")).InvitationToken;
        var join = new JoinTenant(database.Db);

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => join.ExecuteAsync(token, As(viewer), default))
        );

        Assert.Single(answers, answer => answer is JoinAnswer.Joined);
        Assert.Equal(["member.invited", "member.joined"], await ActionsAsync(database, south));
    }

    [Fact]
    public async Task OtherAccount_IsRefused_AndTheInvitationStaysGood()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var (viewer, other) = (north.People[TenantRole.Viewer], north.People[TenantRole.Owner]);
        var token = (await InviteAsync(database, south, "viewer@north.test")).InvitationToken;
        var join = new JoinTenant(database.Db);

        Assert.IsType<JoinAnswer.OtherAccount>(await join.LookAsync(token, As(other), default));
        Assert.IsType<JoinAnswer.OtherAccount>(await join.ExecuteAsync(token, As(other), default));
        Assert.IsType<JoinAnswer.OtherAccount>(await join.ExecuteAsync(token, Actor.System, default));
        Assert.Null(await RoleAsync(database, south, other));
        Assert.IsType<JoinAnswer.Joined>(await join.ExecuteAsync(token, As(viewer), default));
        Assert.IsType<JoinAnswer.OtherAccount>(await join.ExecuteAsync(token, As(other), default));
        await using var db = database.Db.Read(south.Scope);
        Assert.Equal(
            [other, other, null, other],
            await db
                .AuditEntries.Where(entry => entry.Action == "command.denied" && entry.TargetId == "JoinTenant")
                .OrderBy(entry => entry.Sequence)
                .Select(entry => entry.ActorId)
                .ToListAsync()
        );
    }

    [Fact]
    public async Task Invitation_EndsAfterSevenDays_AndARenewedOneReplacesIt()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var viewer = north.People[TenantRole.Viewer];
        var token = (await InviteAsync(database, south, "viewer@north.test")).InvitationToken;
        var (join, list) = (new JoinTenant(database.Db), new MemberList(database.Db));

        database.Time.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        Assert.IsType<JoinAnswer.Invited>(await join.LookAsync(token, As(viewer), default));
        Assert.False(Assert.Single(await list.ReadInvitationsAsync(south.Scope, default)).Over);
        database.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<JoinAnswer.Over>(await join.ExecuteAsync(token, As(viewer), default));
        Assert.True(Assert.Single(await list.ReadInvitationsAsync(south.Scope, default)).Over);

        var renew = new RenewInvitation(database.Db);
        var second = await renew.ExecuteAsync(south.As(TenantRole.Owner), viewer, default);
        var third = await renew.ExecuteAsync(south.As(TenantRole.Owner), viewer, default);
        Assert.IsType<JoinAnswer.Over>(await join.ExecuteAsync(second!.Token, As(viewer), default));
        Assert.IsType<JoinAnswer.Joined>(await join.ExecuteAsync(third!.Token, As(viewer), default));
        Assert.Equal(TenantRole.Editor, await RoleAsync(database, south, viewer));
        Assert.Null(await renew.ExecuteAsync(south.As(TenantRole.Owner), viewer, default));
    }

    [Fact]
    public async Task WithdrawnInvitation_OpensNothing_AndThePersonCanBeInvitedAgain()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var viewer = north.People[TenantRole.Viewer];
        var token = (await InviteAsync(database, south, "viewer@north.test")).InvitationToken;
        var (join, revoke) = (new JoinTenant(database.Db), new RevokeInvitation(database.Db));
        var twice = await new AddMember(database.Db).ExecuteAsync(
            south.As(TenantRole.Owner),
            "viewer@north.test",
            TenantRole.Owner,
            default
        );
        Assert.Contains(
            "invited already, as editor",
            Assert.IsType<AddMemberResult.Invalid>(twice).Message,
            StringComparison.Ordinal
        );

        Assert.True(await revoke.ExecuteAsync(south.As(TenantRole.Owner), viewer, default));
        Assert.False(await revoke.ExecuteAsync(south.As(TenantRole.Owner), viewer, default));

        Assert.IsType<JoinAnswer.Over>(await join.ExecuteAsync(token, As(viewer), default));
        Assert.Null(await RoleAsync(database, south, viewer));
        Assert.Empty(await new MemberList(database.Db).ReadInvitationsAsync(south.Scope, default));
        Assert.Equal(["member.invited", "member.invitation_withdrawn"], await ActionsAsync(database, south));
        await InviteAsync(database, south, "viewer@north.test");
    }

    [Fact]
    public async Task OtherTenant_NeitherSeesNorEndsNorRenewsAnInvitation_AndOnlyOwnersMay()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var viewer = north.People[TenantRole.Viewer];
        var token = (await InviteAsync(database, south, "viewer@north.test")).InvitationToken;
        var (renew, revoke) = (new RenewInvitation(database.Db), new RevokeInvitation(database.Db));

        Assert.Empty(await new MemberList(database.Db).ReadInvitationsAsync(north.Scope, default));
        Assert.Null(await renew.ExecuteAsync(north.As(TenantRole.Owner), viewer, default));
        Assert.False(await revoke.ExecuteAsync(north.As(TenantRole.Owner), viewer, default));
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            renew.ExecuteAsync(south.As(TenantRole.Admin), viewer, default)
        );
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            revoke.ExecuteAsync(south.As(TenantRole.Admin), viewer, default)
        );
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            new AddMember(database.Db).ExecuteAsync(
                north.As(TenantRole.Owner) with
                {
                    Scope = south.Scope,
                },
                "new@example.org",
                TenantRole.Owner,
                default
            )
        );
        Assert.IsType<JoinAnswer.Joined>(await new JoinTenant(database.Db).ExecuteAsync(token, As(viewer), default));
    }

    [Fact]
    public async Task InvitedOwner_DoesNotCountAsOneBeforeJoining()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var (viewer, owner) = (north.People[TenantRole.Viewer], south.People[TenantRole.Owner]);
        var token = (await InviteAsync(database, south, "viewer@north.test", TenantRole.Owner)).InvitationToken;
        var remove = new RemoveMember(database.Db);

        Assert.Equal(
            ChangeMemberResult.LastOwner,
            await remove.ExecuteAsync(south.As(TenantRole.Owner), owner, default)
        );
        await new JoinTenant(database.Db).ExecuteAsync(token, As(viewer), default);
        Assert.Equal(ChangeMemberResult.Done, await remove.ExecuteAsync(south.As(TenantRole.Owner), owner, default));
    }

    [Fact]
    public async Task NewTenant_ForAnOwnerWithAnAccount_IsTheirsOnceTheyAccept_AndTheOperatorsOwnAtOnce()
    {
        await using var database = await TestDatabase.CreateAsync();
        var north = await database.AddTenantAsync("north");
        var op = await database.AddOperatorAsync();
        await using var db = database.Db.Read(TenantScope.Installation);
        var create = new CreateTenant(database.Db);
        var owner = north.People[TenantRole.Owner];

        var east = await CreateAsync("east", "owner@north.test");
        var west = await CreateAsync("west", "op@x.test");

        Assert.Null(east.SetUpToken);
        Assert.Null(await Permissions.RoleAsync(db, east.TenantId, owner, default));
        Assert.IsType<JoinAnswer.Joined>(
            await new JoinTenant(database.Db).ExecuteAsync(east.InvitationToken!, As(owner), default)
        );
        Assert.Equal(TenantRole.Owner, await Permissions.RoleAsync(db, east.TenantId, owner, default));
        Assert.Equal((null, null), (west.SetUpToken, west.InvitationToken));
        Assert.Equal(TenantRole.Owner, await Permissions.RoleAsync(db, west.TenantId, op.UserId!.Value, default));

        async Task<CreateTenantResult.Created> CreateAsync(string slug, string email) =>
            Assert.IsType<CreateTenantResult.Created>(
                await create.ExecuteAsync(op, new TenantInput(slug, slug, "UTC", email), null, default)
            );
    }

    private static Actor As(Guid userId) => new(ActorKind.User, userId, "Somebody", "192.0.2.7");

    private static async Task<AddMemberResult.Added> AddAsync(TestDatabase database, TestTenant tenant, string email) =>
        Assert.IsType<AddMemberResult.Added>(
            await new AddMember(database.Db).ExecuteAsync(
                tenant.As(TenantRole.Owner),
                email,
                TenantRole.Editor,
                default
            )
        );

    private static async Task<AddMemberResult.Invited> InviteAsync(
        TestDatabase database,
        TestTenant tenant,
        string email,
        TenantRole role = TenantRole.Editor
    ) =>
        Assert.IsType<AddMemberResult.Invited>(
            await new AddMember(database.Db).ExecuteAsync(tenant.As(TenantRole.Owner), email, role, default)
        );

    private static Task<SetUpResult> UseAsync(TestDatabase database, string token) =>
        new UseSetUpLink(database.Db, database.Ids).ExecuteAsync(token, null, null, "a long enough one", null, default);

    private static async Task<TenantRole?> RoleAsync(TestDatabase database, TestTenant tenant, Guid userId)
    {
        await using var db = database.Db.Read(tenant.Scope);
        return await Permissions.RoleAsync(db, tenant.Id, userId, default);
    }

    private static async Task<List<string>> ActionsAsync(TestDatabase database, TestTenant tenant)
    {
        await using var db = database.Db.Read(tenant.Scope);
        return await db.AuditEntries.OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync();
    }
}
