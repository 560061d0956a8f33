using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Programs;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Identity;

/// <summary>Operators come and go, and so do their programs' keys; what was done stands in the installation's log.</summary>
public sealed class OperatorTests
{
    private const string Bob = "bob@example.org";

    [Fact]
    public async Task Key_IsShownOnce_Replaced_AndRevoked_AndIsNobodysFromThenOn()
    {
        await using var rig = await AccountRig.CreateAsync();
        var ada = await FirstAsync(rig);
        var db = rig.Database.Db;
        await new FirstOperatorKey(db).CreateAsync("lp_op_" + new string('x', 40), default);
        var made = Assert.IsType<OperatorKeyOutcome.Created>(
            await new MakeOperatorKey(db).ExecuteAsync(ada, " Set-up script ", default)
        );
        Assert.IsType<OperatorKeyOutcome.Invalid>(await new MakeOperatorKey(db).ExecuteAsync(ada, " ", default));
        var list = new OperatorKeyList(db);
        var both = await list.ExecuteAsync(ada, default);
        var program = Assert.IsType<ProgramIdentity.Operator>(
            await new FindProgram(db).ExecuteAsync(made.Token, "192.0.2.3", default)
        );
        var tenants = new TenantList(db);
        Assert.Empty(await tenants.NewestFirstAsync(program.AsActor(null), null, 10, default));

        var revoke = new RevokeOperatorKey(db);
        Assert.IsType<OperatorKeyOutcome.Revoked>(await revoke.ExecuteAsync(ada, both[1].Id, default));
        Assert.IsType<OperatorKeyOutcome.Revoked>(await revoke.ExecuteAsync(ada, made.Key.Id, default));

        Assert.Equal(["Set-up script", "Bootstrap"], both.Select(key => key.Name));
        Assert.Equal(made.Token[^4..], both[0].Ending);
        Assert.IsType<OperatorKeyOutcome.NotFound>(await revoke.ExecuteAsync(ada, made.Key.Id, default));
        Assert.Empty(await list.ExecuteAsync(ada, default));
        Assert.Null(await new FindProgram(db).ExecuteAsync(made.Token, "192.0.2.3", default));
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            tenants.NewestFirstAsync(program.AsActor(null), null, 10, default)
        );
        // Settings do not bring one back that was revoked.
        Assert.False(await new FirstOperatorKey(db).CreateAsync("lp_op_" + new string('x', 40), default));
        var actions = await rig.ActionsAsync();
        Assert.Equal(2, actions.Count(action => action == "operator_key.created"));
        Assert.Equal(2, actions.Count(action => action == "operator_key.revoked"));
        Assert.Contains("operator_key.refused", actions);
        await using var read = db.Read(TenantScope.Installation);
        Assert.DoesNotContain(
            await read.OperatorKeys.Select(key => key.TokenHash + key.Name).ToListAsync(),
            row => row.Contains(made.Token, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Rights_AreTaken_AtOnce_AndNeverTheLastOnes()
    {
        await using var rig = await AccountRig.CreateAsync();
        var ada = await FirstAsync(rig);
        var (add, remove) = (new AddOperator(rig.Database.Db), new RemoveOperator(rig.Database.Db));
        Assert.IsType<OperatorOutcome.Last>(await remove.ExecuteAsync(ada, ada.UserId!.Value, default));
        var link = Assert.IsType<OperatorOutcome.Added>(await add.ExecuteAsync(ada, Bob, default)).SetUpToken;
        // Whose link still waits keeps nobody from being the last one.
        Assert.IsType<OperatorOutcome.Last>(await remove.ExecuteAsync(ada, ada.UserId!.Value, default));
        var bob = await ComeAsync(rig, link);
        Assert.Equal(
            [("ada@example.org", true), (Bob, true)],
            (await new OperatorList(rig.Database.Db).ExecuteAsync(bob, default)).Select(row => (row.Email, row.IsReady))
        );

        Assert.IsType<OperatorOutcome.Removed>(await remove.ExecuteAsync(bob, ada.UserId!.Value, default));

        await Assert.ThrowsAsync<AccessDeniedException>(() => remove.ExecuteAsync(ada, bob.UserId!.Value, default));
        Assert.Equal(
            SessionEnd.RightsTaken,
            await rig.Check.ExecuteAsync(ada.UserId!.Value, ada.SessionId!.Value, default)
        );
        Assert.IsType<OperatorOutcome.NotFound>(await remove.ExecuteAsync(bob, ada.UserId!.Value, default));
        Assert.IsType<OperatorOutcome.Last>(await remove.ExecuteAsync(bob, bob.UserId!.Value, default));
        Assert.False((await rig.SignInAsync()).Operator);
        var actions = await rig.ActionsAsync();
        Assert.Equal((1, 1), (actions.Count(a => a == "operator.added"), actions.Count(a => a == "operator.removed")));
    }

    [Fact]
    public async Task TwoOperators_WhoTakeEachOthersRightsAtOnce_LeaveOneBehind()
    {
        await using var rig = await AccountRig.CreateAsync();
        var ada = await FirstAsync(rig);
        var add = new AddOperator(rig.Database.Db);
        var bob = await ComeAsync(
            rig,
            Assert.IsType<OperatorOutcome.Added>(await add.ExecuteAsync(ada, Bob, default)).SetUpToken
        );
        var remove = new RemoveOperator(rig.Database.Db);

        await Task.WhenAll(TryAsync(ada, bob), TryAsync(bob, ada), TryAsync(ada, ada), TryAsync(bob, bob));

        await using var db = rig.Database.Db.Read(TenantScope.None);
        Assert.Equal(1, await db.Users.CountAsync(user => user.IsOperator));

        async Task TryAsync(Actor actor, Actor whom)
        {
            try
            {
                await remove.ExecuteAsync(actor, whom.UserId!.Value, default);
            }
            catch (AccessDeniedException)
            {
                // The other one was quicker.
            }
        }
    }

    [Fact]
    public async Task AccountThatIsThereAlready_BecomesNoOperator_AndALostLinkIsMadeAnew()
    {
        await using var rig = await AccountRig.CreateAsync();
        var ada = await FirstAsync(rig);
        var add = new AddOperator(rig.Database.Db);
        var tenant = await rig.Database.AddTenantAsync("north");
        var waiting = Assert.IsType<AddMemberResult.Added>(
            await new AddMember(rig.Database.Db).ExecuteAsync(
                tenant.As(TenantRole.Owner),
                "carol@example.org",
                TenantRole.Editor,
                default
            )
        );
        await rig.AddPersonAsync("dave@example.org");

        Assert.IsType<OperatorOutcome.Invalid>(await add.ExecuteAsync(ada, "carol@example.org", default));
        Assert.IsType<OperatorOutcome.Invalid>(await add.ExecuteAsync(ada, "dave@example.org", default));
        Assert.IsType<OperatorOutcome.Invalid>(await add.ExecuteAsync(ada, "no address", default));
        var lost = Assert.IsType<OperatorOutcome.Added>(await add.ExecuteAsync(ada, Bob, default));
        var link = Assert.IsType<OperatorOutcome.Added>(await add.ExecuteAsync(ada, Bob, default));

        var use = new UseSetUpLink(rig.Database.Db, rig.Database.Ids);
        Assert.IsType<SetUpResult.LinkOver>(await UseAsync(lost.SetUpToken));
        Assert.IsType<SetUpResult.Done>(await UseAsync(link.SetUpToken));
        Assert.IsType<SetUpResult.Done>(await UseAsync(waiting.SetUpToken!));
        await using var db = rig.Database.Db.Read(TenantScope.None);
        Assert.Equal(
            ["ada@example.org", Bob],
            await db.Users.Where(user => user.IsOperator).Select(user => user.Email).Order().ToListAsync()
        );

        Task<SetUpResult> UseAsync(string token) =>
            use.ExecuteAsync(token, null, null, AccountRig.Password, null, default);
    }

    [Fact]
    public async Task LinkForTheFirstOperator_IsGone_OnceTheFirstOneCameFromTheSettings()
    {
        await using var rig = await AccountRig.CreateAsync();
        var first = new FirstOperator(rig.Database.Db, rig.Database.Ids);
        var token = await first.IssueLinkAsync(default);
        await FirstAsync(rig);

        await using var db = rig.Database.Db.Read(TenantScope.None);
        Assert.Empty(await db.SetUpLinks.ToListAsync());
        // Whoever opens it is told so at once, and not after they have named themselves.
        Assert.Null(await new UseSetUpLink(rig.Database.Db, rig.Database.Ids).LookAsync(token, default));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FirstOperator_OnAnAccountThatIsThere_IsLetInByNothingOfBefore(bool byLink)
    {
        await using var rig = await AccountRig.CreateAsync();
        using var passkey = new SoftPasskey();
        var (db, first) = (rig.Database.Db, new FirstOperator(rig.Database.Db, rig.Database.Ids));
        var use = new UseSetUpLink(db, rig.Database.Ids);
        var before = await rig.NewlySignedInAsync();
        Assert.True(await new Passkeys(db).AddAsync(AccountRig.As(before), passkey.Info(), "Old", default));
        await rig.EnableAsync(before);
        var link = await db.WriteAsync(
            TenantScope.None,
            (context, _) => Task.FromResult(SetUpLinks.Issue(context, before.UserId, rig.Database.Time.GetUtcNow())),
            default
        );

        if (byLink)
        {
            var token = await first.IssueLinkAsync(default);
            Assert.IsType<SetUpResult.Done>(
                await use.ExecuteAsync(token, "ada@example.org", null, AccountRig.Password, null, default)
            );
        }
        else
        {
            await first.CreateAsync("ada@example.org", AccountRig.Password, "Ada", default);
        }

        // The password alone, since there is nothing else any more.
        Assert.True((await rig.SignInAsync()).Operator);
        Assert.Empty(await new Passkeys(db).ReadAsync(before.UserId, default));
        Assert.NotNull(await rig.StateAsync(before));
        Assert.Null(await use.LookAsync(link, default));
    }

    private static async Task<Actor> FirstAsync(AccountRig rig)
    {
        await new FirstOperator(rig.Database.Db, rig.Database.Ids).CreateAsync(
            "ada@example.org",
            AccountRig.Password,
            "Ada",
            default
        );
        return AccountRig.As(await rig.SignInAsync());
    }

    private static async Task<Actor> ComeAsync(AccountRig rig, string token)
    {
        await new UseSetUpLink(rig.Database.Db, rig.Database.Ids).ExecuteAsync(
            token,
            null,
            null,
            AccountRig.Password,
            null,
            default
        );
        var session = await rig.SignInAsync(Bob);
        Assert.True(session.Operator);
        return AccountRig.As(session);
    }
}
