using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Identity;

/// <summary>Whatever a stranger types where it is kept: PostgreSQL takes no NUL, and no database half a character.</summary>
public sealed class TypedTextTests
{
    public static TheoryData<string> Texts =>
        ["ada\0@example.org", "a\ud800b", "\u0001\r\n\u202e", new string('x', 9999)];

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task SignIn_UnderAnyName_IsWrong_AndKeptInTheLogAsOneLine(string typed)
    {
        await using var rig = await AccountRig.CreateAsync();

        Assert.IsType<SignInAnswer.Wrong>(await rig.TryAsync("a password", typed));

        await using var db = rig.Database.Db.Read(TenantScope.Installation);
        AssertKept((await db.AuditEntries.SingleAsync()).TargetName, 320);
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task AskingForAReset_ForAnyName_IsKept(string typed)
    {
        await using var rig = await AccountRig.CreateAsync();

        await new AskForReset(rig.Database.Db, new AccountMailSignal()).ExecuteAsync(typed, AccountRig.Home, default);

        await using var db = rig.Database.Db.Read(TenantScope.None);
        AssertKept((await db.ResetRequests.SingleAsync()).Typed, 320);
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task SettingUp_WithAnyName_Works_AndItIsKept(string typed)
    {
        await using var rig = await AccountRig.CreateAsync();
        var ada = await rig.AddPersonAsync();
        var token = await rig.Database.Db.WriteAsync(
            TenantScope.None,
            (write, _) => Task.FromResult(SetUpLinks.Issue(write, ada, rig.Database.Time.GetUtcNow())),
            default
        );

        var result = await new UseSetUpLink(rig.Database.Db, rig.Database.Ids).ExecuteAsync(
            token,
            email: null,
            typed,
            "another one of words",
            from: null,
            default
        );

        Assert.IsType<SetUpResult.Done>(result);
        await using var db = rig.Database.Db.Read(TenantScope.None);
        AssertKept((await db.Users.SingleAsync()).DisplayName, 100);
    }

    [Fact]
    public async Task SettingUp_UnderSomebodyElsesAddress_KeepsTheirOwn()
    {
        await using var rig = await AccountRig.CreateAsync();
        var ada = await rig.AddPersonAsync();
        var token = await rig.Database.Db.WriteAsync(
            TenantScope.None,
            (write, _) => Task.FromResult(SetUpLinks.Issue(write, ada, rig.Database.Time.GetUtcNow())),
            default
        );

        await new UseSetUpLink(rig.Database.Db, rig.Database.Ids).ExecuteAsync(
            token,
            email: null,
            "eve@example.org",
            "another one of words",
            from: null,
            default
        );

        await using var db = rig.Database.Db.Read(TenantScope.None);
        Assert.Equal("ada@example.org", (await db.Users.SingleAsync()).DisplayName);
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Passkey_WithAnyName_IsNamed(string typed)
    {
        await using var rig = await AccountRig.CreateAsync();
        using var passkey = new SoftPasskey();
        var session = await rig.NewlySignedInAsync();
        var passkeys = new Passkeys(rig.Database.Db);

        Assert.True(await passkeys.AddAsync(AccountRig.As(session), passkey.Info(), typed, default));

        AssertKept(Assert.Single(await passkeys.ReadAsync(session.UserId, default)).Name, Passkeys.NameLimit);
    }

    private static void AssertKept(string? kept, int atMost)
    {
        Assert.InRange(kept!.Length, 1, atMost);
        Assert.DoesNotContain(kept, letter => char.IsControl(letter) || char.IsSurrogate(letter));
    }
}
