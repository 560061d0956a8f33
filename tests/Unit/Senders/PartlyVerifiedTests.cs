using System.Net;
using System.Text.Json;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Microsoft.EntityFrameworkCore;
using UnitTests.Sending;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Senders;

/// <summary>A domain of which a part is verified: it sends where that part is the one that sending needs.</summary>
public sealed class PartlyVerifiedTests
{
    private static readonly string[] NotYet = ["pending", "failed", "temporary_failure", "not_started"];

    [Theory]
    [InlineData("partially_verified", DomainStatus.PartiallyVerified)]
    [InlineData("partially_failed", DomainStatus.PartiallyFailed)]
    public async Task Word_Partially_CountsAsVerified_OnlyWhenTheRecordsOfSendingAre(string word, DomainStatus partly)
    {
        // What is missing only receives or tracks.
        Assert.Equal(
            DomainStatus.Verified,
            await ReadAsync(word, ("DKIM", "verified"), ("SPF", "verified"), ("Receiving", "failed"))
        );
        foreach (var status in NotYet)
        {
            Assert.Equal(partly, await ReadAsync(word, ("DKIM", status), ("SPF", "verified")));
            Assert.Equal(partly, await ReadAsync(word, ("DKIM", "verified"), ("SPF", status)));
        }

        Assert.Equal(partly, await ReadAsync(word, ("SPF", "verified"), ("Receiving", "verified")));
        Assert.Equal(partly, await ReadAsync(word));
    }

    [Theory]
    [InlineData(DomainStatus.NotStarted)]
    [InlineData(DomainStatus.Pending)]
    [InlineData(DomainStatus.PartiallyVerified)]
    [InlineData(DomainStatus.PartiallyFailed)]
    [InlineData(DomainStatus.Failed)]
    public async Task Domain_InAnyStateButVerified_SendsNothing_NeitherFirstNorAgain(DomainStatus status)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 150);
        var id = await engine.LaunchAsync();
        engine.Provider.Then(Fault.LostRequest);
        await engine.TurnAsync();

        await SetAsync(engine, status);
        engine.Time.Advance(TimeSpan.FromMinutes(10));
        await engine.RunAsync();

        Assert.Single(engine.Provider.Calls);
        var stopped = await engine.CampaignAsync(id);
        Assert.Equal((CampaignStatus.Partial, StopReason.SenderNotVerified), (stopped.Status, stopped.StopReason));
        // What its page says beside the button.
        Assert.False(await HoldsAsync(engine, id));
        await SetAsync(engine, DomainStatus.Verified);
        Assert.True(await HoldsAsync(engine, id));
    }

    private static async Task<bool?> HoldsAsync(EngineHarness engine, Guid id) =>
        (
            await new CampaignProgress(engine.Db).ExecuteAsync(engine.Tenant.Scope, id, CancellationToken.None)
        )!.SenderHolds;

    private static Task<int> SetAsync(EngineHarness engine, DomainStatus status) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) => db.SendingDomains.ExecuteUpdateAsync(set => set.SetProperty(d => d.Status, status), token),
            CancellationToken.None
        );

    private static async Task<DomainStatus> ReadAsync(string word, params (string Record, string Status)[] records)
    {
        var body = JsonSerializer.Serialize(
            new
            {
                id = "id-1",
                name = "mail.example.com",
                status = word,
                records = records.Select(row => new
                {
                    record = row.Record,
                    type = "TXT",
                    name = "k",
                    value = "v",
                    status = row.Status,
                }),
            }
        );
        using var http = new ResendHttp(new Answers(body));
        var domains = new ResendDomains(
            http,
            () => new ProviderEndpoint(ProviderMode.Resend, "http://provider.test", "re_key", []),
            new NoOwnKeys(),
            TimeProvider.System
        );
        return Assert
            .IsType<DomainAnswer.Known>(await domains.GetAsync(null, "id-1", CancellationToken.None))
            .Domain.Status;
    }

    private sealed class Answers(string body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        ) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(body) });
    }
}
