using System.Text.Json;
using Ledgerpost.Senders;
using Ledgerpost.Sending;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using UnitTests.Campaigns;

namespace UnitTests.Sending;

/// <summary>The name and the address for answers that somebody gave a sender stand in whatever goes out as it.</summary>
public sealed class ReplyToTests
{
    private const string Name = "North, Letters";
    private const string ReplyTo = "answers@north.test";

    [Fact]
    public async Task Campaign_OfAChangedSender_HasItsNameAndReplyToInEveryMail()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await ChangeAsync(engine);
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        await engine.LaunchAsync();

        await engine.RunAsync();

        using var batch = JsonDocument.Parse(Assert.Single(engine.Provider.Batches).Body);
        Assert.Equal(2, batch.RootElement.GetArrayLength());
        Assert.All(batch.RootElement.EnumerateArray(), AssertFromTheChanged);
    }

    [Fact]
    public async Task TransactionalMail_OfAChangedSender_HasItsNameAndReplyTo()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await ChangeAsync(engine);
        await engine.PostAsync("order-1");

        await engine.RunAsync();

        using var batch = JsonDocument.Parse(Assert.Single(engine.Provider.Batches).Body);
        Assert.Equal(1, batch.RootElement.GetArrayLength());
        AssertFromTheChanged(batch.RootElement[0]);
    }

    [Fact]
    public async Task TestMail_OfAChangedSender_HasItsNameAndReplyTo()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await ChangeAsync(engine);
        var id = await engine.DraftAsync();
        var provider = new OneAnswerProvider(
            new ProviderAnswer.Http(200, """{"id":"mail-1"}""", ProviderHeaders.Empty)
        );

        var result = await new SendTestMail(
            engine.Db,
            provider,
            engine.Accounts,
            new UnsubscribeUrls(engine.Db, "https://portal.test"),
            engine.Pacer
        ).ExecuteAsync(engine.Tenant.As(TenantRole.Admin), id, "me@example.net", null, CancellationToken.None);

        Assert.IsType<SendTestMailResult.Accepted>(result);
        using var mail = JsonDocument.Parse(Assert.Single(provider.Requests).Body);
        AssertFromTheChanged(mail.RootElement);
    }

    /// <summary>The tenant's sender had another name, and no address for answers.</summary>
    private static async Task ChangeAsync(EngineHarness engine) =>
        Assert.IsType<SenderOutcome.Saved>(
            await new ChangeSender(engine.Db).ExecuteAsync(
                engine.Tenant.As(TenantRole.Admin),
                engine.Tenant.SenderId,
                _ => new SenderNaming(Name, ReplyTo),
                CancellationToken.None
            )
        );

    private static void AssertFromTheChanged(JsonElement mail)
    {
        Assert.Equal($"\"{Name}\" <news@north.test>", mail.GetProperty("from").GetString());
        Assert.Equal(ReplyTo, mail.GetProperty("reply_to").GetString());
    }
}
