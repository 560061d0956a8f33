using AdminPortal.Features.Audit;
using Bunit;
using Ledgerpost.Audit;
using Ledgerpost.Tenancy;
using Microsoft.Extensions.DependencyInjection;
using UnitTests.Support;

namespace UnitTests.Audit;

/// <summary>The button on the log's page that looks through it now.</summary>
public sealed class AuditVerificationTests : BunitContext
{
    [Theory]
    [InlineData(
        nameof(AuditEntry.Action),
        "Entry 2 is not as it was written, or an entry was put in, taken out or moved before it."
    )]
    [InlineData(
        nameof(AuditEntry.TargetName),
        "A name, an address or the details of entry 2 are not as they were written."
    )]
    public async Task Button_OnALogThatWasChangedByHand_NamesTheFirstBadEntry(string field, string sentence)
    {
        await using var database = await TestDatabase.CreateAsync();
        var north = await database.AddTenantAsync("north");
        for (var i = 1; i <= 4; i++)
        {
            await WriteAsync(database, north, $"person{i}@example.net");
        }

        Services.AddLogging();
        Services.AddSingleton<TimeProvider>(database.Time);
        var verify = new VerifyAuditLog(
            database.Db,
            TestDatabase.AuditKeys,
            new AuditAnchorFiles(Path.Combine(database.Folder, "anchors"))
        );
        var part = Render<AuditVerification>(parameters =>
            parameters
                .Add(one => one.Anchor, token => verify.AnchorAsync(north.Scope, token))
                .Add(one => one.Verify, token => verify.ExecuteAsync(north.Scope, token))
        );
        await part.Find("button").ClickAsync();
        Assert.Contains("All 4 entries are as they were written.", Said(), StringComparison.Ordinal);
        Assert.Empty(part.FindAll(".verification-bad"));

        await ForgedLog.DropTriggersAsync(database.Db, database.ConnectionString);
        var log = await ForgedLog.ReadAsync(database.Db, north.Scope);
        ForgedLog.Set(log[1], field, "forged");
        ForgedLog.Set(log[2], field, "forged");
        await ForgedLog.ReplaceAsync(database.Db, north.Scope, log);
        await part.Find("button").ClickAsync();

        Assert.Equal(sentence, part.Find(".verification-bad").TextContent.Trim());
        Assert.Contains("All before it is as it was written.", Said(), StringComparison.Ordinal);

        string Said() => part.Find(".verification-words").TextContent;
    }

    private static Task<bool> WriteAsync(TestDatabase database, TestTenant tenant, string who) =>
        database.Db.CommandAsync(
            tenant.As(TenantRole.Owner),
            TenantRole.Viewer,
            (command, _) =>
            {
                command.Audit("contact.added", "contact", who, who);
                return Task.FromResult(true);
            },
            CancellationToken.None
        );
}
