using System.Text.Json;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Identity;
using UnitTests.Support;

namespace UnitTests.Audit;

/// <summary>The anchor leaves the machine, where an organisation wishes it.</summary>
public sealed class AnchorMailTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ledgerpost-anchors-").FullName;
    private readonly AccountMailer _mailer = new(
        new AccountMailOptions("portal@example.org", (_, _) => ""),
        AccountRig.Protection,
        new AccountMailSignal()
    );
    private TestDatabase _database = null!;
    private TestTenant _north = null!;

    public async Task InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _north = await _database.AddTenantAsync("north");
        await _database.AddTenantAsync("south");
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Owner_WhoWishesIt_GetsTheLineOfTheFile_OnceForEachAnchor_AndNobodyElse()
    {
        await WishAsync();
        await AnchorAsync(_mailer);
        await AnchorAsync(_mailer);

        var mail = Assert.Single(await MailsAsync());
        Assert.Equal((AccountMailKind.AuditAnchor, AccountMailState.Waiting), (mail.Kind, mail.State));
        await using var db = _database.Db.Read(TenantScope.None);
        var owner = _north.People[TenantRole.Owner];
        Assert.Equal(await db.Users.Where(user => user.Id == owner).Select(user => user.Email).SingleAsync(), mail.To);
        var line = (await File.ReadAllLinesAsync(Assert.Single(Directory.GetFiles(_folder)))).Single(text =>
            text.Contains($"{_north.Id}", StringComparison.Ordinal)
        );
        var text = JsonDocument.Parse(_mailer.Read(mail)).RootElement.GetProperty("text").GetString();
        Assert.Contains(line, text, StringComparison.Ordinal);

        // What was mailed is an anchor wherever it is put.
        var kept = Directory.CreateDirectory(Path.Combine(_folder, "kept")).FullName;
        await File.WriteAllTextAsync(Path.Combine(kept, "mail.jsonl"), line);
        var verdict = await Verify(kept).ExecuteAsync(_north.Scope, CancellationToken.None);
        Assert.Equal(1, verdict.Anchor!.Sequence);
    }

    [Fact]
    public async Task Nobody_WhoDoesNotWishIt_IsMailed_NorWhereThePortalWritesNoMails()
    {
        await ChangeAsync(new TenantChange("Another name", null));
        Assert.Equal(1, await AnchorAsync(_mailer));
        await WishAsync();
        Assert.Equal(1, await AnchorAsync(mailer: null));
        await ChangeAsync(new TenantChange("A third name", null));
        await AnchorAsync(new(new AccountMailOptions(null, (_, _) => ""), AccountRig.Protection, new()));

        Assert.Empty(await MailsAsync());
    }

    private Task WishAsync() => ChangeAsync(new TenantChange(null, null, MailsAnchors: true));

    private Task ChangeAsync(TenantChange change) =>
        new ChangeTenant(_database.Db).ExecuteAsync(_north.As(TenantRole.Owner), change, CancellationToken.None);

    private VerifyAuditLog Verify(string folder) =>
        new(_database.Db, TestDatabase.AuditKeys, new AuditAnchorFiles(folder));

    private Task<int> AnchorAsync(AccountMailer? mailer) =>
        new AnchorAuditLogs(
            _database.Db,
            TestDatabase.AuditKeys,
            new AuditAnchorFiles(_folder),
            Verify(_folder),
            NullLogger<AnchorAuditLogs>.Instance,
            mailer
        ).ExecuteAsync(CancellationToken.None);

    private async Task<List<AccountMail>> MailsAsync()
    {
        await using var db = _database.Db.Read(TenantScope.None);
        return await db.AccountMails.ToListAsync();
    }
}
