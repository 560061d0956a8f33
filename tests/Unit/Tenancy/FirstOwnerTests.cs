using Ledgerpost.Data;
using Ledgerpost.Identity;
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
