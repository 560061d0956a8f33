using System.Globalization;
using System.Net;
using System.Text;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using ResendEmulator.Webhooks;
using UnitTests.Api;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Webhooks;

/// <summary>Whoever holds an account's secret cannot fill the database with what it signs.</summary>
public sealed class EventAllowanceTests : IAsyncLifetime
{
    private const string Own = "whsec_Zmlyc3RzZWNyZXRvZm5vcnRoMDE=";

    private EngineHarness _engine = null!;

    public async Task InitializeAsync() => _engine = await EngineHarness.CreateAsync();

    public async Task DisposeAsync() => await _engine.DisposeAsync();

    [Fact]
    public async Task Account_ThatBringsTooMany_IsToldToComeAgain_AndNoOtherIs_AndOverTheDayItMayAgain()
    {
        var own = await _engine.OwnAccountAsync("one");
        var allowance = Allowance(installations: 1_000, owns: 10);
        var noisy = await BringAsync(allowance, own.Id, 25);

        Assert.Equal(10, noisy);
        Assert.Equal(25, await BringAsync(allowance, _engine.Database.AccountId, 25));
        _engine.Time.Advance(TimeSpan.FromHours(12));
        Assert.Equal(5, await BringAsync(allowance, own.Id, 25));
        _engine.Time.Advance(TimeSpan.FromDays(30));
        Assert.Equal(10, await BringAsync(allowance, own.Id, 25));
    }

    [Fact]
    public async Task Account_ThatMails_MayBringTwentyMoreForEachMail()
    {
        var own = await _engine.OwnAccountAsync("one");
        var allowance = Allowance(installations: 1_000, owns: 10);
        Assert.Equal(10, await BringAsync(allowance, own.Id, 11));
        await _engine.Database.AddContactsAsync(_engine.Tenant, 3);
        await _engine.LaunchAsync();
        using var lane = _engine.Lanes.Open(own);
        await _engine.RunLaneAsync(lane);

        // It was counted a moment ago, and is not again for each event that is too many.
        Assert.InRange(await BringAsync(allowance, own.Id, 100), 0, 1);
        _engine.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.InRange(await BringAsync(allowance, own.Id, 100), 60, 61);
    }

    [Fact]
    public async Task CountThatFails_IsToldToWhoWaitedForIt_AndMadeAnewForTheNext()
    {
        var (accountId, allowance) = (Guid.NewGuid(), Allowance(installations: 1_000, owns: 10));
        Assert.Equal(10, await BringAsync(allowance, accountId, 10));
        // Its row is not there.
        await Assert.ThrowsAsync<InvalidOperationException>(() => BringAsync(allowance, accountId, 1));
        await _engine.Db.WriteAsync(
            TenantScope.Installation,
            (db, _) =>
            {
                db.ProviderAccounts.Add(
                    new ProviderAccount
                    {
                        Id = accountId,
                        OwnerId = _engine.Tenant.Id,
                        BaseUrl = "http://provider.test",
                        KeyFingerprint = "of a test",
                        CreatedAt = _engine.Time.GetUtcNow(),
                    }
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );

        Assert.Equal(0, await BringAsync(allowance, accountId, 1));
    }

    [Fact]
    public async Task Account_WhoseMailIsLongAgo_HasItsDayAgain_AndOwesNothing()
    {
        var own = await _engine.OwnAccountAsync("one");
        var allowance = Allowance(installations: 1_000, owns: 10);
        await _engine.Database.AddContactsAsync(_engine.Tenant, 3);
        await _engine.LaunchAsync();
        using var lane = _engine.Lanes.Open(own);
        await _engine.RunLaneAsync(lane);
        Assert.Equal(70, await BringAsync(allowance, own.Id, 100));

        _engine.Time.Advance(ForgetEvents.Kept + TimeSpan.FromDays(1));

        // What came back in the time before it was counted again, and no more.
        Assert.Equal(70, await BringAsync(allowance, own.Id, 100));
        _engine.Time.Advance(TimeSpan.FromHours(12));
        Assert.Equal(5, await BringAsync(allowance, own.Id, 100));
    }

    [Fact]
    public async Task EventThatIsLargerThanAWholeDay_IsTakenByAFullAllowance()
    {
        var own = await _engine.OwnAccountAsync("one");
        var allowance = Allowance(installations: 1_000, owns: 100);

        Assert.Equal(1, await BringAsync(allowance, own.Id, 2, length: 1024 * 1024));
    }

    [Fact]
    public async Task Event_CountsBySize()
    {
        var own = await _engine.OwnAccountAsync("one");
        var allowance = Allowance(installations: 1_000, owns: 1_000);

        Assert.Equal(3, await BringAsync(allowance, own.Id, 10, length: 1024 * 1024));
    }

    [Fact]
    public async Task EventThatIsTooMany_IsNotStored_AndOneThatNobodySigned_CountsForNobody()
    {
        await _engine.OwnAccountAsync("one");
        await new AddOwnWebhookSecret(_engine.Db, OwnAccountSteps.Secrets).ExecuteAsync(
            _engine.Tenant.As(Ledgerpost.Tenancy.TenantRole.Owner),
            Own
        );
        var receive = new ReceiveWebhook(
            _engine.Db,
            new ProviderEndpoint(ProviderMode.Resend, "http://provider.test", "re_key", []),
            _engine.Accounts,
            new OwnWebhooks(_engine.Db, OwnAccountSteps.Secrets, NullLogger<OwnWebhooks>.Instance),
            Allowance(installations: 10, owns: 2),
            new WebhookInbox(_engine.Db, new WebhookSignal())
        );

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(WebhookReceipt.NotOurs, await BringAsync(receive, $"forged_{i}", EventTests.Secret));
        }

        Assert.Equal(WebhookReceipt.Stored, await BringAsync(receive, "msg_1", Own));
        Assert.Equal(WebhookReceipt.Stored, await BringAsync(receive, "msg_2", Own));
        Assert.Equal(WebhookReceipt.TooMany, await BringAsync(receive, "msg_3", Own));
        await using var db = _engine.Db.Read(TenantScope.Installation);
        Assert.Equal(2, await db.WebhookMessages.CountAsync());
    }

    [Fact]
    public async Task Doors_AnswerThatItIsTooMuch_AndWhenToComeAgain_EachForItsAccountAlone()
    {
        await using var api = await ApiHost.StartAsync(
            "--Webhooks:EventsPerDay=1000",
            "--Webhooks:OwnEventsPerDay=1000"
        );
        await AddOwnAsync(api);
        var installations = api.Host.Get<ProviderEndpoint>().WebhookSecrets[0];
        using var program = api.Host.Browser();

        // Of a megabyte each, which counts 257 times.
        foreach (var (path, secret) in new[] { ("", installations), ($"/{api.North.TenantId}", Own) })
        {
            for (var i = 0; i < 3; i++)
            {
                using var taken = await PostAsync(program, path, $"msg_{i}", secret, 1024 * 1024);
                Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
            }

            using var refused = await PostAsync(program, path, "msg_3", secret, 1024 * 1024);
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.Equal(TimeSpan.FromMinutes(1), refused.Headers.RetryAfter!.Delta);
            using var small = await PostAsync(program, path, "msg_4", secret, 2);
            Assert.Equal(HttpStatusCode.OK, small.StatusCode);
        }
    }

    private EventAllowance Allowance(int installations, int owns) =>
        new(_engine.Db, NullLogger<EventAllowance>.Instance, new WebhookOptions(installations, owns));

    /// <returns>How many were taken.</returns>
    private async Task<int> BringAsync(EventAllowance allowance, Guid accountId, int events, int length = 1_000)
    {
        var taken = 0;
        for (var i = 0; i < events; i++)
        {
            var isOwn = accountId != _engine.Database.AccountId;
            taken += await allowance.TakeAsync(accountId, isOwn, length, CancellationToken.None) ? 1 : 0;
        }

        return taken;
    }

    private Task<WebhookReceipt> BringAsync(ReceiveWebhook receive, string id, string secret)
    {
        var timestamp = _engine.Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return receive.ExecuteAsync(
            _engine.Tenant.Slug,
            id,
            timestamp,
            $"v1,{EventTests.Sign(id, timestamp, "{}", secret)}",
            Encoding.UTF8.GetBytes("{}"),
            CancellationToken.None
        );
    }

    private static async Task AddOwnAsync(ApiHost api)
    {
        var accountId = Guid.NewGuid();
        var db = api.Host.Get<PortalDb>();
        await db.WriteAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                var shared = await context.ProviderAccounts.SingleAsync(row => row.IsCurrent, token);
                context.ProviderAccounts.Add(
                    new ProviderAccount
                    {
                        Id = accountId,
                        OwnerId = api.North.TenantId,
                        BaseUrl = shared.BaseUrl,
                        KeyFingerprint = "of a test",
                        CreatedAt = shared.CreatedAt,
                    }
                );
            },
            CancellationToken.None
        );
        await db.WriteAsync(
            TenantScope.For(api.North.TenantId),
            (context, _) =>
            {
                context.OwnAccounts.Add(
                    new OwnAccount
                    {
                        TenantId = api.North.TenantId,
                        AccountId = accountId,
                        LastFour = "test",
                        SetAt = db.Time.GetUtcNow(),
                        SetBy = "test",
                        IsCurrent = true,
                    }
                );
                return Task.CompletedTask;
            },
            CancellationToken.None
        );
        Assert.IsType<OwnAccountOutcome.SecretAdded>(
            await api.Host.Get<AddOwnWebhookSecret>().ExecuteAsync(api.North.Caller, Own)
        );
    }

    private static async Task<HttpResponseMessage> PostAsync(
        HttpClient program,
        string path,
        string id,
        string secret,
        int length
    )
    {
        var body = Encoding.UTF8.GetBytes("{}".PadRight(length));
        var timestamp = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/webhooks/resend{path}")
        {
            Content = new ByteArrayContent(body),
        };
        request.Headers.Add("svix-id", id);
        request.Headers.Add("svix-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("svix-signature", SvixSignature.Of(secret, id, timestamp, body));
        return await program.SendAsync(request);
    }
}
