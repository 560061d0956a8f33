using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Programs;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Tenancy;

/// <summary>A tenant that was made for programs gets its first owner, once.</summary>
public sealed class FirstOwnerTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private Guid _tenant;

    public async Task InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        var made = await new CreateTenant(_database.Db).ExecuteAsync(
            Actor.CommandLine,
            new TenantInput("North", "north"),
            record: null,
            default
        );
        _tenant = Assert.IsType<CreateTenantResult.Created>(made).TenantId;
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task TenantWithoutAnOwner_GetsOne_WhoComesByTheLink_AndThenNoOther()
    {
        var invited = await InviteAsync("ada@example.org");
        await SetUpAsync(invited.SetUpToken!);

        var second = await TryAsync("eve@example.org");

        Assert.Contains(
            "has an owner",
            Assert.IsType<FirstOwnerResult.Invalid>(second).Message,
            StringComparison.Ordinal
        );
        await using var db = _database.Db.Read(TenantScope.For(_tenant));
        Assert.Equal(TenantRole.Owner, (await db.Memberships.SingleAsync()).Role);
        Assert.Equal(
            ["tenant.created", "member.added"],
            await db.AuditEntries.OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync()
        );
    }

    [Fact]
    public async Task LinkThatWasLost_GivesWayToTheNext()
    {
        var lost = await InviteAsync("ada@example.org");
        var again = await InviteAsync("ada@example.org");
        var other = await InviteAsync("bob@example.org");

        Assert.IsNotType<SetUpResult.Done>(await UseAsync(lost.SetUpToken!));
        await SetUpAsync(other.SetUpToken!);

        Assert.NotEqual(lost.SetUpToken, again.SetUpToken);
        await using var db = _database.Db.Read(TenantScope.For(_tenant));
        var owner = await db.Memberships.SingleAsync();
        Assert.Equal(
            "bob@example.org",
            await db.Users.Where(user => user.Id == owner.UserId).Select(user => user.Email).SingleAsync()
        );
    }

    [Theory]
    [InlineData("nothing", true)]
    [InlineData("a key", false)]
    [InlineData("a contact", false)]
    [InlineData("a campaign", false)]
    [InlineData("a member", false)]
    public async Task Operator_NamesThemselves_OnlyWhereNothingIsYet(string there, bool may)
    {
        var actor = await _database.AddOperatorAsync();
        // Whoever was named and never came makes room.
        await InviteAsync("lost@example.org");
        await PutAsync(there);

        var result = await new InviteFirstOwner(_database.Db).ExecuteAsync(actor, _tenant, "op@x.test", default);

        Assert.Equal(may, result is FirstOwnerResult.Invited);
        Assert.Equal(may ? TenantRole.Owner : null, await RoleAsync(actor.UserId!.Value));
        // Somebody else may be named whatever is there.
        Assert.Equal(!may, await TryAsync("ada@example.org") is FirstOwnerResult.Invited);
    }

    [Fact]
    public async Task AnotherOperator_IsNoFirstOwnerEither_OfWhatIsInUse()
    {
        await _database.AddOperatorAsync();
        await PutAsync("a contact");

        var result = await TryAsync("op@x.test");

        Assert.Contains(
            "operators see no content",
            Assert.IsType<FirstOwnerResult.Invalid>(result).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task WhoMakesRoom_StandsInBothLogs()
    {
        var south = await _database.AddTenantAsync("south");
        await InviteAsync("lost@example.org");
        await InviteAsync("owner@south.test");
        await InviteAsync("ada@example.org");

        await using var db = _database.Db.Read(TenantScope.Installation);
        foreach (var log in new[] { _tenant, Guid.Empty })
        {
            Assert.Equal(
                [
                    ("member.added", "lost@example.org"),
                    ("member.removed", "lost@example.org"),
                    ("member.invited", "owner@south.test"),
                    ("member.invitation_withdrawn", "owner@south.test"),
                    ("member.added", "ada@example.org"),
                ],
                (
                    await db
                        .AuditEntries.Where(entry => entry.TenantId == log && entry.TargetKind == "member")
                        .OrderBy(entry => entry.Sequence)
                        .ToListAsync()
                ).Select(entry => (entry.Action, entry.TargetName))
            );
        }
    }

    [Fact]
    public async Task NobodyButAnOperator_InvitesTheFirstOwner()
    {
        var other = await _database.AddTenantAsync("south");

        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            new InviteFirstOwner(_database.Db).ExecuteAsync(
                other.As(TenantRole.Owner).Actor,
                _tenant,
                "eve@example.org",
                default
            )
        );
        Assert.IsType<FirstOwnerResult.Invalid>(await TryAsync("no address"));
        Assert.IsType<FirstOwnerResult.Invalid>(
            await new InviteFirstOwner(_database.Db).ExecuteAsync(
                Actor.CommandLine,
                _database.Ids.New(),
                "ada@example.org",
                default
            )
        );
    }

    private Task PutAsync(string what) =>
        _database.Db.WriteAsync(
            TenantScope.For(_tenant),
            (db, _) =>
            {
                var now = _database.Time.GetUtcNow();
                switch (what)
                {
                    case "a key":
                        db.ApiKeys.Add(
                            new ApiKey
                            {
                                TenantId = _tenant,
                                Id = _database.Ids.New(),
                                Name = "Shop",
                                TokenHash = "hash",
                                Ending = "abcd",
                                Scopes = ApiScopes.Read,
                                CreatedBy = "test",
                                CreatedAt = now,
                            }
                        );
                        break;
                    case "a contact":
                        db.Contacts.Add(
                            new Contact
                            {
                                TenantId = _tenant,
                                Id = _database.Ids.New(),
                                Email = "bob@example.net",
                                NormalizedEmail = "bob@example.net",
                                CreatedAt = now,
                                UpdatedAt = now,
                            }
                        );
                        break;
                    case "a campaign":
                        db.Campaigns.Add(
                            new Campaign
                            {
                                TenantId = _tenant,
                                Id = _database.Ids.New(),
                                Name = "Spring",
                                Status = CampaignStatus.Draft,
                                CreatedBy = "test",
                                CreatedAt = now,
                                UpdatedAt = now,
                            }
                        );
                        break;
                    case "a member":
                        var user = new PortalUser { Id = _database.Ids.New(), UserName = "vi@example.org" };
                        db.Users.Add(user);
                        db.Memberships.Add(
                            new Membership
                            {
                                TenantId = _tenant,
                                UserId = user.Id,
                                Role = TenantRole.Viewer,
                                CreatedAt = now,
                            }
                        );
                        break;
                }

                return Task.CompletedTask;
            },
            default
        );

    private async Task<TenantRole?> RoleAsync(Guid userId)
    {
        await using var db = _database.Db.Read(TenantScope.For(_tenant));
        return await Permissions.RoleAsync(db, _tenant, userId, default);
    }

    private Task<FirstOwnerResult> TryAsync(string email) =>
        new InviteFirstOwner(_database.Db).ExecuteAsync(Actor.CommandLine, _tenant, email, default);

    private async Task<FirstOwnerResult.Invited> InviteAsync(string email) =>
        Assert.IsType<FirstOwnerResult.Invited>(await TryAsync(email));

    private async Task SetUpAsync(string token) => Assert.IsType<SetUpResult.Done>(await UseAsync(token));

    private Task<SetUpResult> UseAsync(string token) =>
        new UseSetUpLink(_database.Db, _database.Ids).ExecuteAsync(
            token,
            null,
            null,
            "a long enough one",
            null,
            default
        );
}
