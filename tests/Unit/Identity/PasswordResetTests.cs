using System.Text.Json;
using System.Text.RegularExpressions;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace UnitTests.Identity;

/// <summary>Another password by mail, and the portal's own mails: none lost, none twice, and nobody learns who has an account.</summary>
public sealed partial class PasswordResetTests : IAsyncLifetime
{
    private readonly Provider _provider = new();
    private AccountRig _rig = null!;

    public async Task InitializeAsync() => _rig = await AccountRig.CreateAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task LinkOfTheMail_ChoosesAnotherPassword_Once_AndEndsEverySession()
    {
        await _rig.AddPersonAsync();
        var session = await _rig.SignInAsync();
        await AskAsync("ada@example.org");
        var token = TokenOf(Assert.Single(_provider.Bodies));
        var reset = new ResetPassword(_rig.Database.Db);

        Assert.IsType<PasswordOutcome.Invalid>(await UseAsync(reset, token, "short"));
        Assert.IsType<PasswordOutcome.Done>(await UseAsync(reset, token, "another one of words"));
        Assert.IsType<PasswordOutcome.LinkOver>(await UseAsync(reset, token, "a third one of words"));

        Assert.Equal(SessionEnd.PasswordChanged, await _rig.StateAsync(session));
        Assert.IsType<SignInAnswer.Wrong>(await _rig.TryAsync(AccountRig.Password));
        Assert.IsType<SignInAnswer.SignedIn>(await _rig.TryAsync("another one of words"));
        Assert.Contains("account.password_reset", await _rig.ActionsAsync());
        await using var db = _rig.Database.Db.Read(TenantScope.None);
        Assert.DoesNotContain(token, (await db.PasswordResets.SingleAsync()).TokenHash, StringComparison.Ordinal);
        var mail = await db.AccountMails.SingleAsync();
        Assert.Equal((AccountMailState.Accepted, null, null), (mail.State, mail.Body, mail.To));
    }

    [Fact]
    public async Task Link_EndsAfterAnHour_AndOneUsedEndsTheOthers()
    {
        await _rig.AddPersonAsync();
        await AskAsync("ada@example.org");
        await AskAsync("ADA@example.org");
        var (first, second) = (TokenOf(_provider.Bodies[0]), TokenOf(_provider.Bodies[1]));
        var reset = new ResetPassword(_rig.Database.Db);

        Assert.IsType<PasswordOutcome.Done>(await UseAsync(reset, second, "another one of words"));
        Assert.IsType<PasswordOutcome.LinkOver>(await UseAsync(reset, first, "a third one of words"));
        _rig.Database.Time.Advance(TimeSpan.FromHours(1));
        await AskAsync("ada@example.org");
        var late = TokenOf(_provider.Bodies[2]);
        _rig.Database.Time.Advance(PasswordReset.Lifetime);
        Assert.False(await reset.LookAsync(late, default));
    }

    [Fact]
    public async Task Asking_DoesTheSame_WhetherOrNotThereIsSuchAnAccount()
    {
        await _rig.AddPersonAsync();
        var ask = new AskForReset(_rig.Database.Db, new AccountMailSignal());

        await ask.ExecuteAsync("ada@example.org", AccountRig.Home, default);
        await ask.ExecuteAsync("nobody@example.org", AccountRig.Home, default);

        await using (var db = _rig.Database.Db.Read(TenantScope.Installation))
        {
            // All that was done while somebody waited for the answer: one row each, and nothing of the account touched.
            Assert.Equal(
                ["ada@example.org", "nobody@example.org"],
                await db.ResetRequests.OrderBy(row => row.Id).Select(row => row.Typed).ToListAsync()
            );
            Assert.Equal((0, 0), (await db.AccountMails.CountAsync(), await db.PasswordResets.CountAsync()));
            Assert.Equal(0, await db.AuditEntries.CountAsync());
        }

        await WorkAsync();
        Assert.Single(_provider.Bodies);
    }

    [Fact]
    public async Task Asking_AgainAndAgain_MailsThreeTimesAnHour()
    {
        await _rig.AddPersonAsync();
        for (var i = 0; i < 6; i++)
        {
            await AskAsync("ada@example.org");
        }

        Assert.Equal(3, _provider.Bodies.Count);
    }

    [Fact]
    public async Task Mail_WhoseAnswerNeverCame_GoesOutAgain_WithTheSameBytesUnderTheSameKey()
    {
        await _rig.AddPersonAsync();
        _provider.Answers.Enqueue(new ProviderAnswer.None("no answer"));
        _provider.Answers.Enqueue(new ProviderAnswer.Http(503, "", Headers));
        await AskAsync("ada@example.org");
        for (var i = 0; i < 5; i++)
        {
            _rig.Database.Time.Advance(TimeSpan.FromMinutes(2));
            await WorkAsync();
        }

        Assert.Equal(3, _provider.Bodies.Count);
        Assert.Single(_provider.Bodies.Distinct(StringComparer.Ordinal));
        Assert.Single(_provider.Keys.Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ProcessThatDies_BetweenCallAndAnswer_RepeatsTheSameMail_AndOneThatIsTooLateGivesUp()
    {
        await _rig.AddPersonAsync();
        _provider.Dies = true;
        await Assert.ThrowsAsync<OperationCanceledException>(() => AskAsync("ada@example.org"));
        _provider.Dies = false;
        await WorkAsync();
        Assert.Single(_provider.Keys);
        _rig.Database.Time.Advance(TimeSpan.FromMinutes(2));
        await WorkAsync();
        Assert.Equal(2, _provider.Keys.Count);
        Assert.Single(_provider.Keys.Distinct(StringComparer.Ordinal));

        _provider.Dies = true;
        await Assert.ThrowsAsync<OperationCanceledException>(() => AskAsync("ada@example.org"));
        _provider.Dies = false;
        _rig.Database.Time.Advance(TimeSpan.FromHours(1));
        await WorkAsync();
        Assert.Equal(3, _provider.Keys.Count);
        await using var db = _rig.Database.Db.Read(TenantScope.None);
        Assert.Contains(AccountMailState.GivenUp, await db.AccountMails.Select(row => row.State).ToListAsync());
    }

    [Fact]
    public async Task Invitation_IsMailedToThePerson_AndNobodyElseSeesItsLink()
    {
        var tenant = await _rig.Database.AddTenantAsync("north");
        await _rig.AddPersonAsync();
        var add = new AddMember(_rig.Database.Db, Mailer());

        var invited = Assert.IsType<AddMemberResult.Invited>(
            await add.ExecuteAsync(tenant.As(TenantRole.Owner), "ada@example.org", TenantRole.Editor, default)
        );
        var added = Assert.IsType<AddMemberResult.Added>(
            await add.ExecuteAsync(tenant.As(TenantRole.Owner), "new@example.org", TenantRole.Editor, default)
        );
        await WorkAsync();

        Assert.Equal((true, ""), (invited.Mailed, invited.InvitationToken));
        Assert.Equal((true, null), (added.Mailed, added.SetUpToken));
        var joined = await new JoinTenant(_rig.Database.Db).ExecuteAsync(
            TokenOf(_provider.Bodies.Single(body => body.Contains("/Invitation/", StringComparison.Ordinal))),
            AccountRig.As(await _rig.SignInAsync()),
            default
        );
        Assert.IsType<JoinAnswer.Joined>(joined);
        var setUp = await new UseSetUpLink(_rig.Database.Db, _rig.Database.Ids).LookAsync(
            TokenOf(_provider.Bodies.Single(body => body.Contains("/SetUp/", StringComparison.Ordinal))),
            default
        );
        Assert.Equal("new@example.org", setUp!.Email);
    }

    [Fact]
    public async Task FirstOwnersLink_IsMailedToThem_AndNoOperatorSeesIt()
    {
        await _rig.AddPersonAsync();
        var create = new CreateTenant(_rig.Database.Db, Mailer());
        var invite = new InviteFirstOwner(_rig.Database.Db, Mailer());

        var created = Assert.IsType<CreateTenantResult.Created>(
            await create.ExecuteAsync(
                Actor.CommandLine,
                new TenantInput("East", Owner: "new@example.org"),
                null,
                default
            )
        );
        var invited = Assert.IsType<FirstOwnerResult.Invited>(
            await invite.ExecuteAsync(Actor.CommandLine, created.TenantId, "ada@example.org", default)
        );
        await WorkAsync();

        Assert.Equal((true, null, null), (created.Mailed, created.SetUpToken, created.InvitationToken));
        Assert.Equal((true, null, ""), (invited.Mailed, invited.SetUpToken, invited.InvitationToken));
        Assert.Contains(
            "new@example.org",
            _provider.Bodies.Single(body => body.Contains("/SetUp/", StringComparison.Ordinal)),
            StringComparison.Ordinal
        );
        var joined = await new JoinTenant(_rig.Database.Db).ExecuteAsync(
            TokenOf(_provider.Bodies.Single(body => body.Contains("/Invitation/", StringComparison.Ordinal))),
            AccountRig.As(await _rig.SignInAsync()),
            default
        );
        Assert.IsType<JoinAnswer.Joined>(joined);
    }

    [Fact]
    public async Task ChangedPassword_NeedsTheOneBefore_AndKeepsOnlyThisSession()
    {
        await _rig.AddPersonAsync();
        var (here, there) = (await _rig.SignInAsync(), await _rig.SignInAsync(origin: AccountRig.Elsewhere));
        var change = new ChangePassword(_rig.Database.Db);
        Task<PasswordOutcome> ChangeAsync(string current, string next) =>
            change.ExecuteAsync(AccountRig.As(here), current, next, default);

        Assert.IsType<PasswordOutcome.Wrong>(await ChangeAsync("not this one", "another one of words"));
        Assert.IsType<PasswordOutcome.Invalid>(await ChangeAsync(AccountRig.Password, "password1234"));
        Assert.IsType<PasswordOutcome.Done>(await ChangeAsync(AccountRig.Password, "another one of words"));

        Assert.Null(await _rig.StateAsync(here));
        Assert.Equal(SessionEnd.PasswordChanged, await _rig.StateAsync(there));
        Assert.IsType<SignInAnswer.SignedIn>(await _rig.TryAsync("another one of words"));
    }

    [Fact]
    public async Task ChangedPassword_VoidsTheLinksThatWereAskedFor()
    {
        await _rig.AddPersonAsync();
        await AskAsync("ada@example.org");
        var token = TokenOf(Assert.Single(_provider.Bodies));
        var reset = new ResetPassword(_rig.Database.Db);
        var here = AccountRig.As(await _rig.SignInAsync());
        Assert.True(await reset.LookAsync(token, default));

        await new ChangePassword(_rig.Database.Db).ExecuteAsync(
            here,
            AccountRig.Password,
            "another one of words",
            default
        );

        Assert.False(await reset.LookAsync(token, default));
        Assert.IsType<PasswordOutcome.LinkOver>(await UseAsync(reset, token, "a third one of words"));
    }

    [Fact]
    public async Task Mails_AndLinks_GoAfterAMonth_AndWhatWaitsStays()
    {
        await _rig.AddPersonAsync();
        await AskAsync("ada@example.org");
        _rig.Database.Time.Advance(TimeSpan.FromDays(1));
        _provider.Answers.Enqueue(new ProviderAnswer.None("no answer"));
        await AskAsync("ada@example.org");
        var forget = new ForgetAccountMails(_rig.Database.Db);
        _rig.Database.Time.Advance(ForgetAccountMails.Kept - TimeSpan.FromDays(1));

        Assert.False(await forget.RunOnceAsync(default));
        Assert.Equal([AccountMailState.Accepted, AccountMailState.Waiting], await StatesAsync());
        _rig.Database.Time.Advance(TimeSpan.FromHours(2));
        await forget.RunOnceAsync(default);
        Assert.Equal([AccountMailState.Waiting], await StatesAsync());
        _rig.Database.Time.Advance(TimeSpan.FromDays(1));
        await WorkAsync();
        await forget.RunOnceAsync(default);

        Assert.Empty(await StatesAsync());
        await using var db = _rig.Database.Db.Read(TenantScope.None);
        Assert.Empty(await db.PasswordResets.ToListAsync());

        async Task<List<AccountMailState>> StatesAsync()
        {
            await using var read = _rig.Database.Db.Read(TenantScope.None);
            return await read.AccountMails.OrderBy(row => row.CreatedAt).Select(row => row.State).ToListAsync();
        }
    }

    private static ProviderHeaders Headers { get; } =
        ProviderHeaders.Read(new HttpResponseMessage(System.Net.HttpStatusCode.OK).Headers);

    private AccountMailer Mailer() =>
        new(
            new AccountMailOptions("Portal <portal@mail.test>", (kind, token) => $"https://portal.test/{kind}/{token}"),
            AccountRig.Protection,
            new AccountMailSignal()
        );

    private async Task AskAsync(string email)
    {
        await new AskForReset(_rig.Database.Db, new AccountMailSignal()).ExecuteAsync(email, AccountRig.Home, default);
        await WorkAsync();
    }

    /// <summary>What the loop does, until there is nothing left.</summary>
    private async Task WorkAsync()
    {
        var answer = new AnswerResetRequests(_rig.Database.Db, Mailer());
        var deliver = new DeliverAccountMail(
            _rig.Database.Db,
            _provider,
            new ProviderEndpoint(ProviderMode.Resend, "http://provider.test", "re_key", []),
            Mailer(),
            NullLogger<DeliverAccountMail>.Instance
        );
        while (await answer.RunOnceAsync(default) || await deliver.RunOnceAsync(default)) { }
    }

    private static Task<PasswordOutcome> UseAsync(ResetPassword reset, string token, string password) =>
        reset.ExecuteAsync(token, password, AccountRig.Home, default);

    private static string TokenOf(string body) =>
        Link().Match(JsonDocument.Parse(body).RootElement.GetProperty("text").GetString()!).Groups["token"].Value;

    [GeneratedRegex("https://portal\\.test/[A-Za-z]+/(?<token>[A-Za-z0-9_-]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    private sealed class Provider : IMailProvider
    {
        public List<string> Bodies { get; } = [];
        public List<string> Keys { get; } = [];
        public Queue<ProviderAnswer> Answers { get; } = new();
        public bool Dies { get; set; }

        public Task<ProviderAnswer> PostAsync(ProviderRequest request, CancellationToken cancellation)
        {
            Bodies.Add(System.Text.Encoding.UTF8.GetString(request.Body.Span));
            Keys.Add(request.Key);
            return Dies
                ? throw new OperationCanceledException()
                : Task.FromResult(
                    Answers.TryDequeue(out var answer) ? answer : new ProviderAnswer.Http(200, "{}", Headers)
                );
        }
    }
}
