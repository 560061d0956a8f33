using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Deletion;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using Microsoft.EntityFrameworkCore;
using UnitTests.Sending;

namespace UnitTests.Deletion;

/// <summary>A person who is erased is not mailed again, and nobody is erased whose mail may still have to be repeated.</summary>
public sealed class ErasedNotMailedTests
{
    private const string Address = "ada.erased+me@example.net";

    [Fact]
    public async Task Resume_MailsNobodyErased_AndEverybodyElse()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 150);
        await engine.Database.AddContactAsync(engine.Tenant, Address);
        engine.Provider.Then(FakeProvider.Fault.None, FakeProvider.Fault.DailyQuota);
        var id = await engine.LaunchAsync();
        await engine.RunAsync();
        var waiting = (await engine.CountsAsync(id)).Pending;
        await EraseAsync(engine);

        Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(id, includeJoined: true));
        await engine.RunAsync();

        var counts = await engine.CountsAsync(id);
        var mailed = engine.Provider.Mailed.Count(mail => mail.To == Address);
        Assert.True(waiting > 0);
        Assert.Equal((151, 0, 0), (counts.Recipients, counts.Pending, counts.InDoubt));
        Assert.Equal(151, counts.Accepted + counts.Excluded);
        Assert.True(mailed <= 1, "Mailed twice.");
        Assert.DoesNotContain(engine.Provider.Mailed, mail => mail.To.Length == 0);
        Assert.Equal(counts.Accepted, engine.Provider.Mailed.Count);
    }

    [Fact]
    public async Task FormerAddress_Erased_LeavesTheRowItsContact_WhomAResumeDoesNotMailAgain()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var moved = await engine.Database.AddContactAsync(engine.Tenant, Address);
        await engine.Database.AddContactsAsync(engine.Tenant, 150);
        engine.Provider.Then(FakeProvider.Fault.None, FakeProvider.Fault.DailyQuota);
        var id = await engine.LaunchAsync();
        await engine.RunAsync();
        Assert.Single(engine.Provider.Mailed, mail => mail.To == Address);
        await engine.Db.WriteAsync(
            engine.Tenant.Scope,
            (db, token) =>
                db
                    .Contacts.Where(row => row.Id == moved)
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(row => row.Email, "new@example.net")
                                .SetProperty(row => row.NormalizedEmail, "new@example.net"),
                        token
                    ),
            CancellationToken.None
        );

        Assert.IsType<ErasePersonResult.Erased>(await EraseAsync(engine));
        Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(id, includeJoined: true));
        await engine.RunAsync();

        Assert.DoesNotContain(engine.Provider.Mailed, mail => mail.To == "new@example.net");
        Assert.Equal(151, engine.Provider.Mailed.Count);
    }

    [Fact]
    public async Task PendingAndErased_BetweenRenderingAndIntent_IsNotMailed()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 2);
        await engine.Database.AddContactAsync(engine.Tenant, Address);
        var id = await engine.LaunchAsync();
        engine.Crash.On = async point =>
        {
            if (point == CrashPoints.BeforeIntent)
            {
                engine.Crash.On = null;
                await EraseAsync(engine);
            }
        };

        await engine.RunAsync();

        Assert.Equal(2, engine.Provider.Mailed.Count);
        Assert.DoesNotContain(engine.Provider.Mailed, mail => mail.To == Address);
        Assert.Equal((2, 1), ((await engine.CountsAsync(id)).Accepted, (await engine.CountsAsync(id)).Excluded));
    }

    [Fact]
    public async Task InDoubt_IsNotErased_AndTheRepeatStaysTheSame()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactAsync(engine.Tenant, Address);
        engine.Provider.Then(FakeProvider.Fault.LostAnswer);
        await engine.LaunchAsync();
        await engine.TurnAsync();

        var refused = await EraseAsync(engine);
        await engine.RunAsync(TimeSpan.FromHours(1));

        Assert.IsType<ErasePersonResult.InDoubt>(refused);
        Assert.Equal(2, engine.Provider.Calls.Count);
        Assert.Single(engine.Provider.Calls.Select(call => (call.Key, call.Hash)).Distinct());
        Assert.Single(engine.Provider.Mailed);
        Assert.IsType<ErasePersonResult.Erased>(await EraseAsync(engine));
    }

    [Fact]
    public async Task Address_OfAnErasedPerson_IsNotTakenInAgain_ButByAnotherTenant()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var south = await engine.Database.AddTenantAsync("south");
        await engine.Database.AddContactAsync(engine.Tenant, Address);
        await EraseAsync(engine);
        var add = new AddContact(engine.Db);
        var input = new ContactInput(Address.ToUpperInvariant(), null, null, null);

        var here = await add.ExecuteAsync(engine.Tenant.As(TenantRole.Editor), input);
        var there = await add.ExecuteAsync(south.As(TenantRole.Editor), input);
        var mail = await engine.TryPostAsync("receipt", Address);
        var suppressed = await engine.SuppressAsync(Address);
        var link = new UnsubscribeTokens(new byte[32]).Seal(engine.Tenant.Id, Address);
        var page = await new UnsubscribeByLink(engine.Db, engine.Database.Ids).LookAsync(link, CancellationToken.None);

        Assert.IsType<ContactOutcome.Invalid>(here);
        Assert.IsType<ContactOutcome.Saved>(there);
        Assert.IsType<SendEmailResult.Suppressed>(mail);
        Assert.False(suppressed);
        Assert.True(page!.Done);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PendingAndErased_IsNotMailed_ByAResumeNorByAFollowUp_InWhicheverOrder(bool followUpFirst)
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.Database.AddContactsAsync(engine.Tenant, 350);
        await engine.Database.AddContactAsync(engine.Tenant, Address);
        engine.Provider.Then(FakeProvider.Fault.None, FakeProvider.Fault.DailyQuota);
        var id = await engine.LaunchAsync();
        await engine.RunAsync();
        Assert.Equal(251, (await engine.CountsAsync(id)).Pending);

        Assert.IsType<ErasePersonResult.Erased>(await EraseAsync(engine));
        // The first of the two stops again while the person's place is still to come.
        engine.Provider.Then(FakeProvider.Fault.None, FakeProvider.Fault.DailyQuota);
        if (followUpFirst)
        {
            id = await engine.FollowUpAsync(id);
            await engine.LaunchDraftAsync(id);
            await engine.RunAsync();
            Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(id, includeJoined: true));
        }
        else
        {
            Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(id, includeJoined: true));
            await engine.RunAsync();
            id = await engine.FollowUpAsync(id);
            await engine.LaunchDraftAsync(id);
        }

        await engine.RunAsync();

        Assert.Equal(CampaignStatus.Sent, (await engine.CampaignAsync(id)).Status);
        Assert.Equal(350, engine.Provider.Mailed.Count);
        Assert.DoesNotContain(engine.Provider.Mailed, mail => mail.To == Address || mail.To.Length == 0);
        engine.AssertNobodyTwiceOverAll();
    }

    private static Task<ErasePersonResult> EraseAsync(EngineHarness engine) => engine.EraseAsync(Address);
}
