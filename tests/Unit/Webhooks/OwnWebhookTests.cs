using System.Globalization;
using System.Text;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Ledgerpost.Webhooks;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Sending;
using UnitTests.Support;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Webhooks;

/// <summary>Events of tenants' own accounts.</summary>
public sealed class OwnWebhookTests : IAsyncLifetime
{
    private const string First = "whsec_Zmlyc3RzZWNyZXRvZm5vcnRoMDE=";
    private const string Second = "whsec_c2Vjb25kc2VjcmV0b2Zub3J0aDI=";

    private EngineHarness _engine = null!;

    public async Task InitializeAsync() => _engine = await EngineHarness.CreateAsync();

    public async Task DisposeAsync() => await _engine.DisposeAsync();

    [Fact]
    public async Task Secrets_SideBySide_AreAccepted_UntilOneIsRemoved()
    {
        await _engine.SetKeyAsync("re_one_first");
        var first = Assert.IsType<OwnAccountOutcome.SecretAdded>(await AddAsync(First)).SecretId;
        Assert.IsType<OwnAccountOutcome.SecretAdded>(await AddAsync(Second));

        Assert.Equal(WebhookReceipt.Stored, await ReceiveAsync("{}", "msg_1", First));
        Assert.Equal(WebhookReceipt.Stored, await ReceiveAsync("{}", "msg_2", Second));
        await new RemoveOwnWebhookSecret(_engine.Db).ExecuteAsync(_engine.Tenant.As(TenantRole.Owner), first);
        Assert.Equal(WebhookReceipt.NotOurs, await ReceiveAsync("{}", "msg_3", First));
        Assert.Equal(WebhookReceipt.Stored, await ReceiveAsync("{}", "msg_4", Second));
    }

    [Fact]
    public async Task Event_IsTheAccountsWhoseSecretSignedIt_AndTouchesNothingElse()
    {
        var south = await _engine.Database.AddTenantAsync("south");
        await _engine.SetKeyAsync("re_one_first");
        await AddAsync(First);
        await _engine.Database.AddContactsAsync(south, 2);
        var souths = await _engine.LaunchAsync(south);
        _engine.Provider.Then(Fault.LostAnswer);
        await _engine.TurnAsync();
        var mail = _engine.Provider.Mailed[0];

        // North signs what it likes with its own secret: also with another's tags, and a bounce of another's mail.
        Assert.Equal(
            WebhookReceipt.Stored,
            await ReceiveAsync(EventTests.Event("email.bounced", mail), "msg_1", First)
        );
        await EventTests.ApplyAsync(_engine);

        Assert.Equal(2, (await _engine.CountsAsync(souths, south)).InDoubt);
        await using var db = _engine.Db.Read(south.Scope);
        Assert.Empty(await db.SuppressedAddresses.ToListAsync());
    }

    [Fact]
    public async Task Events_OfTheOwnAccount_AreSeenAndReplayedByItsTenantAlone_FromWhenTheyCameIn()
    {
        var south = await _engine.Database.AddTenantAsync("south");
        await _engine.SetKeyAsync("re_one_first");
        await AddAsync(First);
        var account = (await _engine.OwnAsync()).Id;
        var foreign = new Mail("", "", 0, 0, 0, "foreign");
        await ReceiveAsync(EventTests.Event("email.opened", foreign, tagged: false), "msg_1", First);
        await ReceiveAsync("not json", "msg_2", First);
        var list = new ListEvents(_engine.Db);
        var replay = new ReplayEvent(_engine.Db, new WebhookSignal());
        var actor = await EventListTests.OperatorAsync(_engine);

        var cameIn = await StatesAsync();
        await EventTests.ApplyAsync(_engine);
        var lookedAt = await StatesAsync();
        var theirs = await list.ExecuteAsync(south.Scope, new EventListQuery(), CancellationToken.None);
        var nobodys = await list.ExecuteAsync(actor, new EventListQuery(), CancellationToken.None);

        Assert.Equal(["msg_1 Waiting", "msg_2 Waiting"], cameIn);
        Assert.Equal(["msg_1 Waiting for foreign", "msg_2 Ignored: Not about a mail."], lookedAt);
        Assert.Empty(theirs.Items);
        Assert.Empty(nobodys.Items);
        Assert.Equal(
            ReplayResult.NotFound,
            await replay.ExecuteAsync(south.As(TenantRole.Owner), account, "msg_2", CancellationToken.None)
        );
        Assert.Equal(ReplayResult.NotFound, await replay.ExecuteAsync(actor, account, "msg_2", CancellationToken.None));
        Assert.Equal(
            ReplayResult.Asked,
            await replay.ExecuteAsync(_engine.Tenant.As(TenantRole.Admin), account, "msg_2", CancellationToken.None)
        );
        Assert.Equal(["msg_1 Waiting for foreign", "msg_2 Waiting"], await StatesAsync());
        await EventTests.ApplyAsync(_engine);
        Assert.Equal(lookedAt, await StatesAsync());

        async Task<IReadOnlyList<string>> StatesAsync()
        {
            var page = await list.ExecuteAsync(_engine.Tenant.Scope, new EventListQuery(), CancellationToken.None);
            return [.. page.Items.OrderBy(item => item.MessageId, StringComparer.Ordinal).Select(Shown)];
        }
    }

    /// <summary>A tenant signs what it likes: what becomes of it must not say which mails another tenant has sent.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EventAboutAnothersMail_LooksToItsTenantAsOneAboutNobodys(bool tagged)
    {
        var south = await _engine.Database.AddTenantAsync("south");
        await _engine.SetKeyAsync("re_one_first");
        await AddAsync(First);
        await _engine.Database.AddContactsAsync(south, 1);
        await _engine.LaunchAsync(south);
        await _engine.RunAsync();
        var theirs = _engine.Provider.Mailed[0];
        var nobodys = theirs with { CampaignTag = $"{_engine.Database.Ids.New():N}", Id = "foreign" };

        await ReceiveAsync(EventTests.Event("email.opened", theirs, tagged), "msg_1", First);
        await ReceiveAsync(EventTests.Event("email.opened", nobodys, tagged), "msg_2", First);
        await EventTests.ApplyAsync(_engine);

        var page = await new ListEvents(_engine.Db).ExecuteAsync(
            _engine.Tenant.Scope,
            new EventListQuery(),
            CancellationToken.None
        );
        Assert.Equal(2, page.Items.Count);
        Assert.Single(
            page.Items.Select(item => (item.Type, item.State, item.Note, item.LooksAgainAt, item.CampaignId)).Distinct()
        );
        Assert.Equal(1, _engine.Db.Safety.CountOf(SafetyMechanism.ProofOfOtherAccount));
    }

    /// <summary>It waits as one about nobody's does; but who signs a hundred thousand of them makes no millions of proofs.</summary>
    [Fact]
    public async Task EventAboutAnothersMail_ThatWaits_IsProvenAndCountedAtItsFirstLookOnly()
    {
        var south = await _engine.Database.AddTenantAsync("south");
        await _engine.SetKeyAsync("re_one_first");
        await AddAsync(First);
        await _engine.Database.AddContactsAsync(south, 1);
        await _engine.LaunchAsync(south);
        await _engine.RunAsync();
        var theirs = _engine.Provider.Mailed[0];
        await ReceiveAsync(EventTests.Event("email.opened", theirs, tagged: false), "msg_1", First);

        var first = await LookAsync();
        _engine.Time.Advance(TimeSpan.FromHours(1));
        var second = await LookAsync();

        Assert.Equal($"msg_1 Waiting for {theirs.Id}", Shown(second));
        Assert.True(second.LooksAgainAt > first.LooksAgainAt + TimeSpan.FromHours(1), "It was not looked at again.");
        Assert.Equal(1, _engine.Db.Safety.CountOf(SafetyMechanism.ProofOfOtherAccount));

        async Task<EventListItem> LookAsync()
        {
            await EventTests.ApplyAsync(_engine);
            var page = await new ListEvents(_engine.Db).ExecuteAsync(
                _engine.Tenant.Scope,
                new EventListQuery(),
                CancellationToken.None
            );
            return Assert.Single(page.Items);
        }
    }

    [Fact]
    public async Task Event_OfTheOwnAccount_ProvesItsMail()
    {
        var own = await _engine.OwnAccountAsync("one");
        await AddAsync(First);
        await _engine.Database.AddContactsAsync(_engine.Tenant, 2);
        var id = await _engine.LaunchAsync();
        using var lane = _engine.Lanes.Open(own);
        _engine.Provider.Then(Fault.LostAnswer);
        await _engine.TurnAsync(lane.Dispatcher);

        await ReceiveAsync(EventTests.Event("email.delivered", _engine.Provider.Mailed[0]), "msg_1", First);
        await EventTests.ApplyAsync(_engine);

        Assert.Equal(CampaignStatus.Sent, (await _engine.CampaignAsync(id)).Status);
    }

    [Fact]
    public async Task Secrets_OfOthers_TheInstallations_AndOfALeftAccountAfterAWeek_AreRefused()
    {
        var south = await _engine.Database.AddTenantAsync("south");
        await _engine.SetKeyAsync("re_one_first");
        await AddAsync(First);

        Assert.Equal(WebhookReceipt.NotOurs, await ReceiveAsync("{}", "msg_1", EventTests.Secret));
        Assert.Equal(WebhookReceipt.NotOurs, await ReceiveAsync("{}", "msg_2", First, south));
        await _engine.RemoveKeyAsync();
        Assert.Equal(WebhookReceipt.Stored, await ReceiveAsync("{}", "msg_3", First));
        _engine.Time.Advance(OwnWebhookSecret.AfterLeaving);
        Assert.Equal(WebhookReceipt.NotOurs, await ReceiveAsync("{}", "msg_4", First));
    }

    /// <summary>Anybody may ask here: neither the statements nor what is decrypted may tell which names are tenants'.</summary>
    [Fact]
    public async Task WhoeverAsksWithoutASecret_CausesTheSameWork_WhetherTheNameIsATenants_OrHasASecret()
    {
        var south = await _engine.Database.AddTenantAsync("south");
        await _engine.SetKeyAsync("re_one_first");
        await AddAsync(First);
        var protection = new CountedProtection(new EphemeralDataProtectionProvider());
        var own = new OwnWebhooks(_engine.Db, new ProviderSecrets(protection), NullLogger<OwnWebhooks>.Instance);
        using var statements = StatementLog.Of(_engine.Database.ConnectionString);

        var named = await WorkAsync("nobody");
        var numbered = await WorkAsync(_engine.Database.Ids.New().ToString());

        Assert.StartsWith("2 statements, 1 decrypted", named, StringComparison.Ordinal);
        Assert.Equal(named, await WorkAsync(_engine.Tenant.Slug));
        Assert.Equal(named, await WorkAsync(south.Slug));
        Assert.Equal(numbered, await WorkAsync(_engine.Tenant.Id.ToString()));
        Assert.Equal(numbered, await WorkAsync(south.Id.ToString()));

        async Task<string> WorkAsync(string tenant)
        {
            statements.Take();
            protection.Decrypted = 0;
            await own.SecretsAsync(tenant, CancellationToken.None);
            var asked = statements.Take();
            return $"{asked.Count} statements, {protection.Decrypted} decrypted\n{string.Join('\n', asked)}";
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("whsec_")]
    [InlineData("whsec_AAAA")]
    [InlineData("whsec_not base64 at all")]
    [InlineData("Zmlyc3RzZWNyZXRvZm5vcnRoMDE=")]
    public async Task Secret_ThatSignsNothingOrCouldBeGuessed_IsRefused(string secret)
    {
        await _engine.SetKeyAsync("re_one_first");

        Assert.IsType<OwnAccountOutcome.Invalid>(await AddAsync(secret));
    }

    [Fact]
    public async Task Secret_ThatCannotBeReadHere_SignsNothing_AndTheOthersGoOnHolding()
    {
        await _engine.SetKeyAsync("re_one_first");
        await AddAsync(First);
        await AddAsync(Second);
        await _engine.Db.WriteAsync(
            _engine.Tenant.Scope,
            (db, token) =>
                db
                    .OwnWebhookSecrets.Where(row => row.LastFour == "MDE=")
                    .ExecuteUpdateAsync(set => set.SetProperty(row => row.Secret, "of another installation"), token),
            CancellationToken.None
        );

        Assert.Equal(WebhookReceipt.NotOurs, await ReceiveAsync("{}", "msg_1", First));
        Assert.Equal(WebhookReceipt.Stored, await ReceiveAsync("{}", "msg_2", Second));
    }

    [Fact]
    public async Task Secrets_OfALeftAccount_TakeNoPlaceOfTheNewOnes()
    {
        await _engine.OwnAccountAsync("one");
        for (var i = 0; i < AddOwnWebhookSecret.AtMost; i++)
        {
            var secret = "whsec_" + Convert.ToBase64String(Encoding.UTF8.GetBytes($"a secret of its own {i}"));
            Assert.IsType<OwnAccountOutcome.SecretAdded>(await AddAsync(secret));
        }

        Assert.IsType<OwnAccountOutcome.Invalid>(await AddAsync(First));
        await _engine.SetKeyAsync("re_two_first");
        Assert.IsType<OwnAccountOutcome.SecretAdded>(await AddAsync(First));
    }

    [Fact]
    public async Task Secret_ThatTwoAccountsKnow_SpeaksForTheCurrentOne()
    {
        await _engine.OwnAccountAsync("one");
        await AddAsync(First);
        await _engine.SetKeyAsync("re_two_first");
        await AddAsync(First);
        var current = await _engine.OwnAsync();

        Assert.Equal(WebhookReceipt.Stored, await ReceiveAsync("{}", "msg_1", First));

        await using var db = _engine.Db.Read(TenantScope.Installation);
        Assert.Equal(current.Id, (await db.WebhookMessages.SingleAsync()).AccountId);
    }

    private static string Shown(EventListItem item) =>
        $"{item.MessageId} {item.State}"
        + (item.WaitsForEmailId is { } id ? $" for {id}" : "")
        + (item.Note is { } note ? $": {note}" : "");

    private Task<OwnAccountOutcome> AddAsync(string secret) =>
        new AddOwnWebhookSecret(_engine.Db, OwnAccountSteps.Secrets).ExecuteAsync(
            _engine.Tenant.As(TenantRole.Owner),
            secret
        );

    private Task<WebhookReceipt> ReceiveAsync(string body, string id, string secret, TestTenant? tenant = null)
    {
        var timestamp = _engine.Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return EventTests
            .Receive(_engine, EventTests.Secret)
            .ExecuteAsync(
                (tenant ?? _engine.Tenant).Slug,
                id,
                timestamp,
                $"v1,{EventTests.Sign(id, timestamp, body, secret)}",
                Encoding.UTF8.GetBytes(body),
                CancellationToken.None
            );
    }

    private sealed class CountedProtection(IDataProtectionProvider real) : IDataProtectionProvider
    {
        public int Decrypted { get; set; }

        public IDataProtector CreateProtector(string purpose) => new Protector(this, real.CreateProtector(purpose));

        private sealed class Protector(CountedProtection all, IDataProtector real) : IDataProtector
        {
            public IDataProtector CreateProtector(string purpose) => new Protector(all, real.CreateProtector(purpose));

            public byte[] Protect(byte[] plaintext) => real.Protect(plaintext);

            public byte[] Unprotect(byte[] protectedData)
            {
                all.Decrypted++;
                return real.Unprotect(protectedData);
            }
        }
    }
}
