using System.Text;
using System.Text.Json;
using Ledgerpost.Campaigns;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Campaigns;

public sealed class SendTestMailTests
{
    private static readonly ProviderAnswer Accepted = Http(200, """{"id":"mail-1"}""");

    [Fact]
    public async Task Accepted_IsOneCallWithItsOwnKey_MarkedAsATest_AndAudited()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (tenant, id) = await DraftAsync(database);
        var provider = new OneAnswerProvider(Accepted);

        var result = await SendAsync(database, provider, tenant.As(TenantRole.Admin), id);

        Assert.Equal("mail-1", Assert.IsType<SendTestMailResult.Accepted>(result).ProviderId);
        var request = Assert.Single(provider.Requests);
        Assert.Equal("/emails", request.Path);
        Assert.StartsWith($"1/test/{id}/", request.Key, StringComparison.Ordinal);
        using var mail = JsonDocument.Parse(Encoding.UTF8.GetString(request.Body.Span));
        Assert.Equal("[Test] Hello Alex", mail.RootElement.GetProperty("subject").GetString());
        Assert.Equal("me@example.net", mail.RootElement.GetProperty("to")[0].GetString());
        Assert.True(mail.RootElement.GetProperty("headers").TryGetProperty("List-Unsubscribe", out _));
        await using var db = database.Db.Read(tenant.Scope);
        var entry = await db.AuditEntries.SingleAsync(e => e.Action == "campaign.tested");
        Assert.Contains(request.Key, entry.Details, StringComparison.Ordinal);
        Assert.Equal(0, await db.Recipients.CountAsync());
    }

    [Theory]
    [InlineData(422, """{"statusCode":422,"name":"validation_error","message":"Bad."}""", "Refused Bad.")]
    [InlineData(403, "<html>error code: 1010", "Unknown The provider answered 403.")]
    [InlineData(
        409,
        """{"statusCode":409,"name":"concurrent_idempotent_requests","message":"x"}""",
        "Unknown The provider answered 409."
    )]
    [InlineData(
        503,
        """{"statusCode":503,"name":"service_unavailable","message":"x"}""",
        "Unknown The provider answered 503."
    )]
    [InlineData(200, "{}", "Unknown The provider answered 200.")]
    public async Task OtherAnswers_AreRefusedOnlyWhenTheProviderSaysSoItself(int status, string body, string expected)
    {
        await using var database = await TestDatabase.CreateAsync();
        var (tenant, id) = await DraftAsync(database);

        var result = await SendAsync(database, new(Http(status, body)), tenant.As(TenantRole.Admin), id);

        Assert.Equal(
            expected,
            result switch
            {
                SendTestMailResult.Refused refused => $"Refused {refused.Message}",
                SendTestMailResult.Unknown unknown => $"Unknown {unknown.Why}",
                _ => result.ToString(),
            }
        );
    }

    [Fact]
    public async Task AddressOnTheSuppressionList_OrNotAnAddress_IsNotMailed()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (tenant, id) = await DraftAsync(database);
        var provider = new OneAnswerProvider(Accepted);
        await database.Db.WriteAsync(
            tenant.Scope,
            (db, token) =>
                Suppress.AddAsync(
                    db,
                    tenant.Id,
                    "me@example.net",
                    SuppressionReason.Manual,
                    null,
                    database.Time.GetUtcNow(),
                    database.Ids,
                    token
                ),
            CancellationToken.None
        );

        var suppressed = await SendAsync(database, provider, tenant.As(TenantRole.Admin), id, "ME@example.net");
        var nonsense = await SendAsync(database, provider, tenant.As(TenantRole.Admin), id, "me@\r\nBcc: x");

        Assert.IsType<SendTestMailResult.Refused>(suppressed);
        Assert.IsType<SendTestMailResult.Refused>(nonsense);
        Assert.Empty(provider.Requests);
    }

    [Fact]
    public async Task ByAnEditor_OrForAnotherTenantsDraft_NothingIsSent()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (tenant, id) = await DraftAsync(database);
        var south = await database.AddTenantAsync("south");
        var provider = new OneAnswerProvider(Accepted);

        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            SendAsync(database, provider, tenant.As(TenantRole.Editor), id)
        );
        var foreign = await SendAsync(database, provider, south.As(TenantRole.Owner), id);

        Assert.IsType<SendTestMailResult.NotFound>(foreign);
        Assert.Empty(provider.Requests);
    }

    private static ProviderAnswer Http(int status, string body) =>
        new ProviderAnswer.Http(status, body, ProviderHeaders.Empty);

    [Fact]
    public async Task TestMail_OwnFields_AreThoseOfWhoeverItIsSeenAs()
    {
        await using var database = await TestDatabase.CreateAsync();
        var (tenant, id) = await DraftAsync(database, "In {{fields.town}}");
        var contact = (await database.AddContactsAsync(tenant, 1))[0];
        await database.SetFieldsAsync(tenant, contact, ("town", "Rome & <b>"));
        var provider = new OneAnswerProvider(Accepted);

        await SendAsync(database, provider, tenant.As(TenantRole.Admin), id, seenBy: contact);
        var second = SendAsync(database, provider, tenant.As(TenantRole.Admin), id);
        // It waits for the account's next place, in time that only this test moves.
        for (var i = 0; i < 100 && !second.IsCompleted; i++)
        {
            database.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(second, Task.Delay(20));
        }

        await second;

        Assert.Equal(
            ["[Test] In Rome & <b>", "[Test] In [town]"],
            provider.Requests.Select(request =>
                JsonDocument.Parse(request.Body).RootElement.GetProperty("subject").GetString()
            )
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sender_ThatIsLostOrChangedWhileItWaitsForItsTurn_SendsNothing(bool lost)
    {
        await using var database = await TestDatabase.CreateAsync();
        var (tenant, id) = await DraftAsync(database);
        var provider = new OneAnswerProvider(Accepted);

        var result = await SendAsync(database, provider, tenant.As(TenantRole.Admin), id, meanwhile: ChangeAsync);

        Assert.Contains(
            "changed while the test mail waited",
            Assert.IsType<SendTestMailResult.Refused>(result).Message,
            StringComparison.Ordinal
        );
        Assert.Empty(provider.Requests);

        Task ChangeAsync() =>
            database.Db.WriteAsync(
                tenant.Scope,
                (db, token) =>
                    lost
                        ? db.SendingDomains.ExecuteUpdateAsync(
                            set => set.SetProperty(row => row.Status, DomainStatus.Failed),
                            token
                        )
                        : db.SenderIdentities.ExecuteUpdateAsync(
                            set => set.SetProperty(row => row.LocalPart, "other"),
                            token
                        ),
                CancellationToken.None
            );
    }

    private static async Task<(TestTenant Tenant, Guid Id)> DraftAsync(
        TestDatabase database,
        string subject = "Hello {{first_name}}"
    )
    {
        var tenant = await database.AddTenantAsync("north");
        var id = await DraftTests.CreateAsync(database, tenant, "Spring");
        await new SaveDraft(database.Db).ExecuteAsync(
            tenant.As(TenantRole.Editor),
            id,
            1,
            new DraftContent("Spring", tenant.SenderId, subject, "<p>Hi</p>", AudienceKind.All, null, null),
            CancellationToken.None
        );
        return (tenant, id);
    }

    private static Task<SendTestMailResult> SendAsync(
        TestDatabase database,
        OneAnswerProvider provider,
        Caller caller,
        Guid id,
        string to = "me@example.net",
        Guid? seenBy = null,
        Func<Task>? meanwhile = null
    )
    {
        var accounts = new ProviderAccounts(database.Db, database.Ids, new NoProbe());
        return new SendTestMail(
            database.Db,
            provider,
            accounts,
            new UnsubscribeUrls(database.Db, "http://portal.test"),
            new Pacer(database.Db, new Waiting(accounts, meanwhile))
        ).ExecuteAsync(caller, id, to, seenBy, CancellationToken.None);
    }

    /// <summary>Something happens while the mail waits for its turn at the account.</summary>
    private sealed class Waiting(ISendingAccount account, Func<Task>? meanwhile) : ISendingAccount
    {
        public async Task<CurrentAccount> CurrentAsync(CancellationToken cancellation)
        {
            if (meanwhile is not null)
            {
                await meanwhile();
            }

            return await account.CurrentAsync(cancellation);
        }
    }

    private sealed class NoProbe : IAccountProbe
    {
        public Task<bool?> CanReadEmailAsync(
            string baseUrl,
            string apiKey,
            string emailId,
            CancellationToken cancellation
        ) => Task.FromResult<bool?>(null);

        public Task<bool?> CanReadDomainAsync(
            string baseUrl,
            string apiKey,
            string domainId,
            CancellationToken cancellation
        ) => Task.FromResult<bool?>(null);
    }
}

/// <summary>Answers every call alike, and remembers it.</summary>
internal sealed class OneAnswerProvider(ProviderAnswer answer) : IMailProvider
{
    public List<ProviderRequest> Requests { get; } = [];

    public Task<ProviderAnswer> PostAsync(ProviderRequest request, CancellationToken cancellation)
    {
        Requests.Add(request);
        return Task.FromResult(answer);
    }
}
