using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Tenancy;

public sealed class MembershipTests
{
    public static TheoryData<TenantRole, TenantRole> EachRoleAtEachLevel()
    {
        var matrix = new TheoryData<TenantRole, TenantRole>();
        foreach (var held in Enum.GetValues<TenantRole>())
        {
            foreach (var needed in Enum.GetValues<TenantRole>())
            {
                matrix.Add(held, needed);
            }
        }

        return matrix;
    }

    [Theory]
    [MemberData(nameof(EachRoleAtEachLevel))]
    public async Task Command_RunsForTheRoleAndThoseAbove_AndForNobodyElse(TenantRole held, TenantRole needed)
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var ran = false;
        Task<bool> Command() =>
            database.Db.CommandAsync(tenant.As(held), needed, (_, _) => Task.FromResult(ran = true), default);

        if (held >= needed)
        {
            Assert.True(await Command());
        }
        else
        {
            await Assert.ThrowsAsync<AccessDeniedException>(Command);
        }

        Assert.Equal(held >= needed, ran);
    }

    [Fact]
    public async Task ChangedRole_HoldsFromTheNextCommandOn()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var admin = tenant.People[TenantRole.Admin];
        var change = new ChangeTenant(database.Db);
        Assert.IsType<ChangeTenantResult.Done>(
            await change.ExecuteAsync(tenant.As(TenantRole.Admin), new TenantChange("North", "Europe/Oslo"), default)
        );

        var result = await new ChangeMemberRole(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Owner),
            admin,
            TenantRole.Editor,
            default
        );

        Assert.Equal(ChangeMemberResult.Done, result);
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            change.ExecuteAsync(tenant.As(TenantRole.Admin), new TenantChange("Mine", "UTC"), default)
        );
    }

    [Fact]
    public async Task LastOwner_CanBeNeitherRemovedNorDemoted_ButOneOfTwoCan()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var (owner, admin) = (tenant.People[TenantRole.Owner], tenant.People[TenantRole.Admin]);
        var (change, remove) = (new ChangeMemberRole(database.Db), new RemoveMember(database.Db));
        var caller = tenant.As(TenantRole.Owner);

        Assert.Equal(ChangeMemberResult.LastOwner, await remove.ExecuteAsync(caller, owner, default));
        Assert.Equal(ChangeMemberResult.LastOwner, await change.ExecuteAsync(caller, owner, TenantRole.Admin, default));
        Assert.Equal(ChangeMemberResult.Done, await change.ExecuteAsync(caller, admin, TenantRole.Owner, default));
        Assert.Equal(ChangeMemberResult.Done, await remove.ExecuteAsync(caller, owner, default));

        await Assert.ThrowsAsync<AccessDeniedException>(() => remove.ExecuteAsync(caller, admin, default));
    }

    [Fact]
    public async Task OwnerWhoNeverCame_DoesNotCount_TheOnlyOneWhoDidStays()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var (caller, owner) = (tenant.As(TenantRole.Owner), tenant.People[TenantRole.Owner]);
        var mistyped = await AddAsync(database, tenant, "mistyped@example.org", TenantRole.Owner);
        var (change, remove) = (new ChangeMemberRole(database.Db), new RemoveMember(database.Db));

        Assert.Equal(ChangeMemberResult.LastOwner, await new LeaveTenant(database.Db).ExecuteAsync(caller, default));
        Assert.Equal(ChangeMemberResult.LastOwner, await change.ExecuteAsync(caller, owner, TenantRole.Admin, default));
        Assert.Equal(ChangeMemberResult.LastOwner, await remove.ExecuteAsync(caller, owner, default));
        Assert.Equal(ChangeMemberResult.Done, await remove.ExecuteAsync(caller, mistyped.UserId, default));
    }

    [Fact]
    public async Task TwoOwners_WhoGoAtOnce_InWhateverWay_LeaveOneBehind()
    {
        await using var database = await TestDatabase.CreateAsync();
        for (var round = 0; round < 6; round++)
        {
            var tenant = await database.AddTenantAsync($"north{round}");
            var (one, two) = (tenant.As(TenantRole.Owner), tenant.As(TenantRole.Admin));
            var (first, second) = (tenant.People[TenantRole.Owner], tenant.People[TenantRole.Admin]);
            var change = new ChangeMemberRole(database.Db);
            var remove = new RemoveMember(database.Db);
            var leave = new LeaveTenant(database.Db);
            await change.ExecuteAsync(one, second, TenantRole.Owner, default);

            var results = await Task.WhenAll(
                round % 3 == 0 ? leave.ExecuteAsync(one, default)
                    : round % 3 == 1 ? change.ExecuteAsync(one, first, TenantRole.Viewer, default)
                    : remove.ExecuteAsync(one, first, default),
                round % 2 == 0
                    ? leave.ExecuteAsync(two, default)
                    : change.ExecuteAsync(two, second, TenantRole.Viewer, default)
            );

            Assert.Equal([ChangeMemberResult.Done, ChangeMemberResult.LastOwner], results.Order());
            var members = await new MemberList(database.Db).ReadAsync(tenant.Scope, default);
            Assert.Single(members, member => member.Role == TenantRole.Owner);
        }
    }

    [Fact]
    public async Task Viewer_LeavesByThemselves_WhichIsInTheLog_AndOtherTenantsAreAsTheyWere()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var leave = new LeaveTenant(database.Db);

        Assert.Equal(ChangeMemberResult.Done, await leave.ExecuteAsync(tenant.As(TenantRole.Viewer), default));

        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            leave.ExecuteAsync(tenant.As(TenantRole.Viewer), default)
        );
        Assert.Equal(3, (await new MemberList(database.Db).ReadAsync(tenant.Scope, default)).Count);
        await using var db = database.Db.Read(tenant.Scope);
        Assert.Equal(
            ["member.left", "command.denied"],
            await db.AuditEntries.OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync()
        );
    }

    [Fact]
    public async Task OtherTenantsOwners_DoNotCount_AndOtherTenantsMembersAreNotThere()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));

        Assert.Equal(
            ChangeMemberResult.LastOwner,
            await new RemoveMember(database.Db).ExecuteAsync(
                north.As(TenantRole.Owner),
                north.People[TenantRole.Owner],
                default
            )
        );
        Assert.Equal(
            ChangeMemberResult.NotAMember,
            await new RemoveMember(database.Db).ExecuteAsync(
                north.As(TenantRole.Owner),
                south.People[TenantRole.Viewer],
                default
            )
        );
        Assert.Equal(4, (await new MemberList(database.Db).ReadAsync(south.Scope, default)).Count);
    }

    [Fact]
    public async Task NewPerson_GetsALinkThatWorksOnceAndForADay()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var added = await AddAsync(database, tenant, "Ada@Example.org", TenantRole.Editor);
        var useLink = new UseSetUpLink(database.Db, database.Ids);

        Assert.Equal("Ada@example.org", (await useLink.LookAsync(added.SetUpToken!, default))!.Email);
        Assert.IsType<SetUpResult.Invalid>(await UseAsync("short"));
        Assert.IsType<SetUpResult.Done>(await UseAsync("a long enough one"));
        Assert.IsType<SetUpResult.LinkOver>(await UseAsync("a long enough one"));
        Assert.Null(await useLink.LookAsync(added.SetUpToken!, default));

        var late = await AddAsync(database, tenant, "late@example.org", TenantRole.Editor);
        database.Time.Advance(SetUpLinks.Lifetime);
        Assert.Null(await useLink.LookAsync(late.SetUpToken!, default));

        Task<SetUpResult> UseAsync(string password) =>
            useLink.ExecuteAsync(added.SetUpToken!, null, "Ada", password, null, default);
    }

    [Fact]
    public async Task TwoAtOnce_WithOneLink_OneWins()
    {
        await using var database = await TestDatabase.CreateAsync();
        var tenant = await database.AddTenantAsync("north");
        var added = await AddAsync(database, tenant, "ada@example.org", TenantRole.Editor);
        var useLink = new UseSetUpLink(database.Db, database.Ids);

        var results = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(i =>
                    useLink.ExecuteAsync(added.SetUpToken!, null, null, $"the password number {i}", null, default)
                )
        );

        Assert.Single(results, result => result is SetUpResult.Done);
    }

    [Fact]
    public async Task Member_CannotBeAddedAgain()
    {
        await using var database = await TestDatabase.CreateAsync();
        var north = await database.AddTenantAsync("north");

        var again = await new AddMember(database.Db).ExecuteAsync(
            north.As(TenantRole.Owner),
            "editor@NORTH.test",
            TenantRole.Owner,
            default
        );

        Assert.Contains(
            "is a member already, as editor",
            Assert.IsType<AddMemberResult.Invalid>(again).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task RenewedLink_ReplacesTheOldOne_ButNeverForAPersonOfAnotherTenantToo()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (north, south) = (await database.AddTenantAsync("north"), await database.AddTenantAsync("south"));
        var added = await AddAsync(database, north, "ada@example.org", TenantRole.Editor);
        var (renew, useLink) = (new RenewSetUpLink(database.Db), new UseSetUpLink(database.Db, database.Ids));

        var fresh = await renew.ExecuteAsync(north.As(TenantRole.Owner), added.UserId, default);
        Assert.Null(await useLink.LookAsync(added.SetUpToken!, default));
        Assert.NotNull(await useLink.LookAsync(fresh!.Token, default));
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            renew.ExecuteAsync(north.As(TenantRole.Admin), added.UserId, default)
        );
        Assert.Null(await renew.ExecuteAsync(south.As(TenantRole.Owner), added.UserId, default));

        await database.Db.WriteAsync(
            south.Scope,
            (db, _) =>
            {
                db.Memberships.Add(
                    new Membership
                    {
                        TenantId = south.Id,
                        UserId = added.UserId,
                        Role = TenantRole.Viewer,
                        CreatedAt = database.Time.GetUtcNow(),
                    }
                );
                return Task.CompletedTask;
            },
            default
        );
        Assert.Null(await renew.ExecuteAsync(north.As(TenantRole.Owner), added.UserId, default));
        Assert.Null(await renew.ExecuteAsync(south.As(TenantRole.Owner), added.UserId, default));
    }

    [Fact]
    public async Task NewTenant_IsMadeByOperatorsOnly_WithItsOwner_AndAuditedInBothLogs()
    {
        await using var database = await TestDatabase.CreateAsync();
        var north = await database.AddTenantAsync("north");
        var create = new CreateTenant(database.Db);
        await Assert.ThrowsAsync<AccessDeniedException>(() => CreateAsync(north.As(TenantRole.Owner).Actor, "east"));
        var actor = await database.AddOperatorAsync();
        await using var db = database.Db.Read(TenantScope.Installation);

        var created = Assert.IsType<CreateTenantResult.Created>(await CreateAsync(actor, "east"));
        var taken = Assert.IsType<CreateTenantResult.SlugTaken>(await CreateAsync(actor, "north"));

        Assert.Equal((north.Id, "Slug"), (taken.TenantId, Assert.Single(taken.Errors).Field));
        var owner = Assert.Single(
            await new MemberList(database.Db).ReadAsync(TenantScope.For(created.TenantId), default)
        );
        Assert.Equal(("boss@east.test", TenantRole.Owner, true), (owner.Email, owner.Role, owner.Invited));
        Assert.Equal(
            [Guid.Empty, created.TenantId],
            await db
                .AuditEntries.Where(entry => entry.Action == "tenant.created")
                .OrderBy(entry => entry.TenantId)
                .Select(entry => entry.TenantId)
                .ToListAsync()
        );

        Task<CreateTenantResult> CreateAsync(Actor who, string slug) =>
            create.ExecuteAsync(who, new TenantInput("East Ltd", slug, "UTC", "boss@east.test"), null, default);
    }

    [Theory]
    [InlineData("A\r\nBcc: x@example.org")]
    [InlineData("A\u202Eb")]
    [InlineData("A\0b")]
    public async Task NameThatCouldEndAHeaderOrReadAsAnother_IsRefused_AtEachDoor(string name)
    {
        await using var database = await TestDatabase.CreateAsync();
        var north = await database.AddTenantAsync("north");
        var change = new TenantChange(name, null);

        var made = await new CreateTenant(database.Db).ExecuteAsync(
            Actor.CommandLine,
            new TenantInput(name, "east"),
            null,
            default
        );
        var changed = await new ChangeTenant(database.Db).ExecuteAsync(north.As(TenantRole.Admin), change, default);
        var byOperator = await new ChangeTenantAsOperator(database.Db).ExecuteAsync(
            Actor.CommandLine,
            north.Id,
            change,
            null,
            default
        );

        Assert.Equal("Name", Assert.Single(Assert.IsType<CreateTenantResult.Invalid>(made).Errors).Field);
        Assert.Equal("Name", Assert.Single(Assert.IsType<ChangeTenantResult.Invalid>(changed).Errors).Field);
        Assert.IsType<ChangeTenantResult.Invalid>(byOperator);
    }

    [Theory]
    [InlineData("Ünïted Gärden & Söns", "united-garden-sons")]
    [InlineData("  A--b  ", "a-b")]
    [InlineData("東京", "")]
    public void Slug_IsSuggestedFromTheName(string name, string slug) =>
        Assert.Equal(slug, TenantRules.SuggestSlug(name));

    [Theory]
    [InlineData("a", true)]
    [InlineData("a-b-2", true)]
    [InlineData("-a", false)]
    [InlineData("A", false)]
    [InlineData("a b", false)]
    [InlineData("", false)]
    [InlineData("a\n", false)]
    public void Slug_IsCheckedAsAWhole(string slug, bool good) =>
        Assert.Equal(good, TenantRules.SlugProblem(slug) is null);

    private static async Task<AddMemberResult.Added> AddAsync(
        TestDatabase database,
        TestTenant tenant,
        string email,
        TenantRole role
    ) =>
        Assert.IsType<AddMemberResult.Added>(
            await new AddMember(database.Db).ExecuteAsync(tenant.As(TenantRole.Owner), email, role, default)
        );
}
