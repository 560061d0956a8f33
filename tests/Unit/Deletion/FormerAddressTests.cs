using Ledgerpost.Deletion;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using Microsoft.EntityFrameworkCore;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Deletion;

/// <summary>A person who is erased had another address before: it goes too, but where it is somebody else's by now.</summary>
public sealed class FormerAddressTests
{
    private const string Old = "ada.old@example.net";
    private const string New = "ada.new@example.net";

    [Fact]
    public async Task AddressThatAnotherContactHasNow_KeepsTheirUnsubscription_AndItsPlaceInLedgers()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await MailedThenMovedAsync(engine);
        await engine.Database.AddContactAsync(engine.Tenant, Old);
        Assert.True(await engine.SuppressAsync(Old));

        Assert.IsType<ErasePersonResult.Erased>(await engine.EraseAsync(New));
        await engine.Database.AddContactAsync(engine.Tenant, "bob@example.net");
        await engine.LaunchAsync();
        await engine.RunAsync();

        Assert.Equal([Old, "bob@example.net"], engine.Provider.Mailed.Select(mail => mail.To));
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var first = await db.Recipients.OrderBy(row => row.UpdatedAt).FirstAsync();
        Assert.Equal((Old, Old, null, null), (first.Email, first.NormalizedEmail, first.FirstName, first.ContactId));
    }

    [Fact]
    public async Task AddressThatIsNobodysNow_IsErasedWhole_AndWhatWaitsForItIsNotMailed()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await MailedThenMovedAsync(engine);
        await engine.PostAsync("receipt", Old);
        await engine.Db.CommandAsync(
            engine.Tenant.As(TenantRole.Admin),
            TenantRole.Admin,
            (command, _) =>
            {
                command.Audit("thing.done", "thing", "1", "A thing", new { about = Old });
                return Task.FromResult(true);
            },
            CancellationToken.None
        );

        var erased = Assert.IsType<ErasePersonResult.Erased>(await engine.EraseAsync(New));
        await engine.RunAsync();

        Assert.Equal(2, erased.Mails);
        Assert.Single(engine.Provider.Mailed);
        Assert.DoesNotContain(
            await engine.Database.DumpAsync(engine.Tenant.Id),
            row => row.Contains("ada.old", StringComparison.OrdinalIgnoreCase)
        );
        Assert.Equal(new PersonHoldings(Old, false, 0, 0, true), await LookAsync(engine, Old));
    }

    [Fact]
    public async Task FormerAddress_OfAMember_IsNotErasedWithTheContact()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await MailedThenMovedAsync(engine);
        await new AddMember(engine.Db).ExecuteAsync(
            engine.Tenant.As(TenantRole.Owner),
            Old,
            TenantRole.Viewer,
            CancellationToken.None
        );

        Assert.IsType<ErasePersonResult.IsMember>(await engine.EraseAsync(New));
    }

    [Fact]
    public async Task ErasedAddress_ThatAContactHasAgain_CanLeaveByTheLink()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.EraseAsync(Old);
        // As after a restore.
        await engine.Database.AddContactAsync(engine.Tenant, Old);
        var links = new UnsubscribeByLink(engine.Db, engine.Database.Ids);
        var token = new UnsubscribeTokens(new byte[32]).Seal(engine.Tenant.Id, Old);

        var before = await links.LookAsync(token, CancellationToken.None);
        await links.ExecuteAsync(token, null, CancellationToken.None);
        await engine.LaunchAsync();
        await engine.RunAsync();

        Assert.False(before!.Done);
        Assert.True((await links.LookAsync(token, CancellationToken.None))!.Done);
        Assert.Empty(engine.Provider.Mailed);
    }

    [Fact]
    public async Task Export_OfAnErasedPerson_WritesNoAddressIntoTheLog()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await engine.EraseAsync(Old);

        await new ExportPerson(engine.Db).ExecuteAsync(engine.Tenant.As(TenantRole.Admin), Old, CancellationToken.None);

        await using var db = engine.Db.Read(engine.Tenant.Scope);
        Assert.Equal(
            ["a person", "a person"],
            await db.AuditEntries.OrderBy(entry => entry.Sequence).Select(entry => entry.TargetName).ToListAsync()
        );
        Assert.Equal(new PersonHoldings(Old, false, 0, 0, true), await LookAsync(engine, Old));
    }

    /// <summary>A contact that got a campaign at the one address and has the other one now.</summary>
    private static async Task MailedThenMovedAsync(EngineHarness engine)
    {
        await engine.Database.AddContactAsync(engine.Tenant, Old);
        await engine.LaunchAsync();
        await engine.RunAsync();
        await engine.ChangeAddressAsync(Old, New);
        engine.Time.Advance(TimeSpan.FromMinutes(1));
    }

    private static Task<PersonHoldings?> LookAsync(EngineHarness engine, string address) =>
        new ErasePerson(engine.Db, engine.Options).LookAsync(
            engine.Tenant.As(TenantRole.Admin),
            address,
            CancellationToken.None
        );
}
