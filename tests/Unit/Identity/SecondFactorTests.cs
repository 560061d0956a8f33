using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Identity;

public sealed class SecondFactorTests
{
    /// <summary>RFC 6238, appendix B, for SHA-1; the last six of its eight digits.</summary>
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1111111111, "050471")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void Code_IsThatOfTheStandard(long seconds, string code) =>
        Assert.Equal(code, Totp.Code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", seconds / 30));

    /// <summary>As apps read it: issuer and account before the secret, each escaped, so that none of them ends another.</summary>
    [Fact]
    public void Uri_IsThatOfTheApps_WordForWord() =>
        Assert.Equal(
            "otpauth://totp/Ledger%20post%20%26%20Co:ada%2Bx%40example.org"
                + "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Ledger%20post%20%26%20Co&digits=6&period=30",
            Totp.Uri("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "ada+x@example.org", "Ledger post & Co")
        );

    [Fact]
    public async Task Password_WithAnAuthenticator_IsOnlyTheFirstStep()
    {
        await using var rig = await AccountRig.CreateAsync();
        var (secret, _) = await rig.EnableAsync(await rig.NewlySignedInAsync());
        rig.NextCode();

        var step = Assert.IsType<SignInAnswer.SecondStep>(await rig.TryAsync(AccountRig.Password));
        var wrong = await CodeAsync(rig, step, "000000");
        var right = await CodeAsync(rig, step, rig.CodeOf(secret));

        Assert.IsType<SignInAnswer.Wrong>(wrong);
        var session = Assert.IsType<SignInAnswer.SignedIn>(right).Session;
        Assert.Equal(
            (SignInMethod.Authenticator, true),
            (await rig.List.OpenAsync(session.UserId, default))
                .Where(row => row.Id == session.SessionId)
                .Select(row => (row.Method, row.SecondFactor))
                .Single()
        );
    }

    [Fact]
    public async Task Code_ThatWasUsed_IsRefused_WithinItsStep_AndSoIsTheOneBefore()
    {
        await using var rig = await AccountRig.CreateAsync();
        var (secret, _) = await rig.EnableAsync(await rig.NewlySignedInAsync());
        // The code that set it up is used as well.
        Assert.IsType<SignInAnswer.Wrong>(await BothAsync(rig, rig.CodeOf(secret)));
        rig.NextCode();
        var before = rig.CodeOf(secret);
        rig.NextCode();
        var code = rig.CodeOf(secret);

        Assert.IsType<SignInAnswer.SignedIn>(await BothAsync(rig, code));
        Assert.IsType<SignInAnswer.Wrong>(await BothAsync(rig, code));
        Assert.IsType<SignInAnswer.Wrong>(await BothAsync(rig, before));
    }

    [Fact]
    public async Task OneCode_TypedByFourAtOnce_SignsInOne()
    {
        await using var rig = await AccountRig.CreateAsync();
        var (secret, _) = await rig.EnableAsync(await rig.NewlySignedInAsync());
        rig.NextCode();
        var step = Assert.IsType<SignInAnswer.SecondStep>(await rig.TryAsync(AccountRig.Password));
        var code = rig.CodeOf(secret);

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => CodeAsync(rig, step, code)));

        Assert.Single(answers, answer => answer is SignInAnswer.SignedIn);
    }

    [Fact]
    public async Task RecoveryCode_WorksOnce_AndIsKeptAsAHash()
    {
        await using var rig = await AccountRig.CreateAsync();
        var session = await rig.NewlySignedInAsync();
        var (secret, codes) = await rig.EnableAsync(session);

        Assert.Equal(10, codes.Distinct().Count());
        Assert.IsType<SignInAnswer.SignedIn>(await BothAsync(rig, codes[3].ToUpperInvariant().Replace('-', ' ')));
        Assert.IsType<SignInAnswer.Wrong>(await BothAsync(rig, codes[3]));
        var view = await new SecondFactorState(rig.Database.Db).ReadAsync(session.UserId, session.SessionId, default);
        Assert.Equal(9, view.CodesLeft);
        await using var db = rig.Database.Db.Read(TenantScope.None);
        var kept = await db.RecoveryCodes.Select(row => row.CodeHash).ToListAsync();
        Assert.All(kept, hash => Assert.Equal(64, hash.Length));
        Assert.DoesNotContain(secret, (await db.Authenticators.SingleAsync()).Secret, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RecoveryCode_ThatIsUsed_IsInTheLog_WithTheAddressThatItCameFrom()
    {
        await using var rig = await AccountRig.CreateAsync();
        var session = await rig.NewlySignedInAsync();
        var (_, codes) = await rig.EnableAsync(session);
        var step = Assert.IsType<SignInAnswer.SecondStep>(await rig.TryAsync(AccountRig.Password));

        Assert.IsType<SignInAnswer.SignedIn>(
            await rig.WithCode.ExecuteAsync(step.UserId, step.Stamp, codes[0], AccountRig.Elsewhere, default)
        );
        // On an open page as well.
        Assert.True(
            await new ChangeSecondFactor(rig.Database.Db, rig.Secrets).DisableAsync(
                AccountRig.As(session),
                codes[1],
                default
            )
        );

        await using var db = rig.Database.Db.Read(TenantScope.Installation);
        Assert.Equal(
            [AccountRig.Elsewhere.From, AccountRig.Home.From],
            await db
                .AuditEntries.Where(entry => entry.Action == "account.recovery_code_used")
                .OrderBy(entry => entry.Sequence)
                .Select(entry => entry.From)
                .ToListAsync()
        );
    }

    [Fact]
    public async Task RecoveryCode_Works_WhereTheAppsSecretCannotBeReadAnyMore()
    {
        await using var rig = await AccountRig.CreateAsync();
        var (_, codes) = await rig.EnableAsync(await rig.NewlySignedInAsync());
        await rig.Database.Db.WriteAsync(
            TenantScope.None,
            async (db, token) => (await db.Authenticators.SingleAsync(token)).Secret = "of another installation",
            CancellationToken.None
        );

        Assert.IsType<SignInAnswer.Wrong>(await BothAsync(rig, "123456"));
        Assert.IsType<SignInAnswer.SignedIn>(await BothAsync(rig, codes[0]));
    }

    [Fact]
    public async Task Codes_GuessedFiveTimes_CloseTheAccount_AndSigningInAgainDoesNotForgive()
    {
        await using var rig = await AccountRig.CreateAsync();
        var (secret, _) = await rig.EnableAsync(await rig.NewlySignedInAsync());
        rig.NextCode();
        var answers = new List<SignInAnswer>();
        for (var i = 0; i < 5; i++)
        {
            // A right password in between must not set the count back.
            answers.Add(await BothAsync(rig, "000000"));
        }

        Assert.IsType<SignInAnswer.LockedOut>(answers[^1]);
        Assert.IsType<SignInAnswer.LockedOut>(await rig.TryAsync(AccountRig.Password));
        rig.Database.Time.Advance(TimeSpan.FromMinutes(15));
        Assert.IsType<SignInAnswer.SignedIn>(await BothAsync(rig, rig.CodeOf(secret)));
    }

    [Fact]
    public async Task FirstStep_BeforeThePasswordWasChanged_IsVoid()
    {
        await using var rig = await AccountRig.CreateAsync();
        var session = await rig.NewlySignedInAsync();
        var (secret, _) = await rig.EnableAsync(session);
        rig.NextCode();
        var step = Assert.IsType<SignInAnswer.SecondStep>(await rig.TryAsync(AccountRig.Password));
        await rig.Database.Db.WriteAsync(
            TenantScope.None,
            async (db, ct) =>
                People.SetPassword(
                    await db.Users.SingleAsync(row => row.Id == session.UserId, ct),
                    "another one of words"
                ),
            default
        );

        Assert.IsType<SignInAnswer.Wrong>(await CodeAsync(rig, step, rig.CodeOf(secret)));
    }

    [Fact]
    public async Task SwitchingOff_AndNewCodes_NeedACode_AndGuessesCount()
    {
        await using var rig = await AccountRig.CreateAsync();
        var session = await rig.NewlySignedInAsync();
        var (secret, old) = await rig.EnableAsync(session);
        var change = new ChangeSecondFactor(rig.Database.Db, rig.Secrets);
        rig.NextCode();

        Assert.False(await change.DisableAsync(AccountRig.As(session), "000000", default));
        var fresh = await change.RenewCodesAsync(AccountRig.As(session), rig.CodeOf(secret), default);
        Assert.IsType<SignInAnswer.Wrong>(await BothAsync(rig, old[0]));
        Assert.True(await change.DisableAsync(AccountRig.As(session), fresh![0], default));

        Assert.IsType<SignInAnswer.SignedIn>(await rig.TryAsync(AccountRig.Password));
        Assert.Contains("account.authenticator_disabled", await rig.ActionsAsync());
    }

    [Fact]
    public async Task TenantThatAsksForIt_IsClosedToWhoHasNone_InItsCommandsToo()
    {
        await using var rig = await AccountRig.CreateAsync();
        var session = await rig.NewlySignedInAsync();
        var tenant = await rig.Database.AddTenantAsync("north");
        var caller = new Caller(tenant.Scope, AccountRig.As(session));
        await rig.JoinAsync(tenant.Id, session.UserId, TenantRole.Owner);
        var change = new ChangeTenant(rig.Database.Db);
        Task<ChangeTenantResult> AskAsync(bool second) =>
            change.ExecuteAsync(caller, new TenantChange(null, null, second), default);
        var directory = new TenantDirectory(rig.Database.Db);
        Task<TenantEntry?> EnterAsync(Guid? id) => directory.EnterAsync(session.UserId, id, "north", default);

        // Who has none may not ask it of the others.
        Assert.IsType<ChangeTenantResult.Invalid>(await AskAsync(true));
        var other = await rig.SignInAsync();
        await rig.EnableAsync(session);
        Assert.IsType<ChangeTenantResult.Done>(await AskAsync(true));

        Assert.False((await EnterAsync(session.SessionId))!.NeedsSecondFactor);
        Assert.True((await EnterAsync(other.SessionId))!.NeedsSecondFactor);
        Assert.True((await EnterAsync(null))!.NeedsSecondFactor);
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            change.ExecuteAsync(new Caller(tenant.Scope, AccountRig.As(other)), new TenantChange("Mine", null), default)
        );
        Assert.IsType<ChangeTenantResult.Done>(await AskAsync(false));
        Assert.False((await EnterAsync(other.SessionId))!.NeedsSecondFactor);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RemovedPasskey_CountsNoMore_AndWhatItOpenedIsOver(bool another)
    {
        await using var rig = await AccountRig.CreateAsync();
        using var passkey = new SoftPasskey();
        using var second = new SoftPasskey();
        var session = await rig.NewlySignedInAsync();
        var passkeys = new Passkeys(rig.Database.Db);
        var north = await rig.Database.AddTenantAsync("north");
        await rig.JoinAsync(north.Id, session.UserId, TenantRole.Owner);
        Assert.True(await passkeys.AddAsync(AccountRig.As(session), passkey.Info(), "Mine", default));
        if (another)
        {
            Assert.True(await passkeys.AddAsync(AccountRig.As(session), second.Info(), "Second", default));
        }

        var opened = await WithPasskeyAsync(rig, session.UserId);
        var change = new ChangeTenant(rig.Database.Db);
        var caller = new Caller(north.Scope, AccountRig.As(session));
        Assert.IsType<ChangeTenantResult.Done>(
            await change.ExecuteAsync(caller, new TenantChange(null, null, RequiresSecondFactor: true), default)
        );

        Assert.True(await passkeys.RemoveAsync(AccountRig.As(session), passkey.Id, default));

        Assert.Equal(SessionEnd.Revoked, await rig.StateAsync(opened));
        Assert.Null(await rig.StateAsync(session));
        var may = change.ExecuteAsync(caller, new TenantChange("Mine", null), default);
        if (another)
        {
            Assert.IsType<ChangeTenantResult.Done>(await may);
        }
        else
        {
            await Assert.ThrowsAsync<AccessDeniedException>(() => may);
        }
    }

    [Fact]
    public async Task PasskeyRemovedFromElsewhere_LeavesNoSessionThatHadShownIt()
    {
        await using var rig = await AccountRig.CreateAsync();
        using var passkey = new SoftPasskey();
        using var second = new SoftPasskey();
        var thief = await rig.NewlySignedInAsync();
        var passkeys = new Passkeys(rig.Database.Db);
        Assert.True(await passkeys.AddAsync(AccountRig.As(thief), passkey.Info(), "Theirs", default));
        var opened = await WithPasskeyAsync(rig, thief.UserId);
        Assert.True(await passkeys.AddAsync(AccountRig.As(opened), second.Info(), "Mine", default));

        Assert.True(await passkeys.RemoveAsync(AccountRig.As(opened), passkey.Id, default));

        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            passkeys.RemoveAsync(AccountRig.As(thief), second.Id, default)
        );
    }

    private static async Task<OpenedSession> WithPasskeyAsync(AccountRig rig, Guid userId) =>
        Assert
            .IsType<SignInAnswer.SignedIn>(
                await new OpenSession(rig.Database.Db).ExecuteAsync(
                    userId,
                    SignInMethod.Passkey,
                    AccountRig.Elsewhere,
                    default
                )
            )
            .Session;

    private static Task<SignInAnswer> CodeAsync(AccountRig rig, SignInAnswer.SecondStep step, string code) =>
        rig.WithCode.ExecuteAsync(step.UserId, step.Stamp, code, AccountRig.Home, default);

    private static async Task<SignInAnswer> BothAsync(AccountRig rig, string code) =>
        await rig.TryAsync(AccountRig.Password) is SignInAnswer.SecondStep step
            ? await CodeAsync(rig, step, code)
            : new SignInAnswer.LockedOut();
}
