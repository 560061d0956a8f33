using System.Text;
using Ledgerpost.Contacts;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Segments;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Contacts.Import;

public sealed class ContactImporterTests
{
    [Fact]
    public async Task Import_OfEachKindOfLine_SaysWhatBecameOfIt()
    {
        await using var rig = await ImportRig.CreateAsync();
        await rig.Database.AddContactAsync(rig.Tenant, "old@example.net", "kept");

        var result = await rig.ImportAsync(
            """
            Email,First name,Last name,Tags
            ada@example.net,Ada,Lovelace,"news; beta, VIP"
            OLD@example.net,Old,,news
            nonsense,No,Address,

            Ada@Example.net,Other,Name,other
            grace@example.net,Grace
            linus@example.net,a,b,c,too many
            """
        );

        Assert.Equal((6, 2, 1, 1, 2), result.Counts);
        Assert.Equal(ImportStatus.Completed, result.View.Status);
        Assert.Equal(1, result.View.Progress);
        Assert.Equal(["3 Updated", "4 Rejected", "6 Duplicate", "8 Rejected"], result.Outcomes);
        Assert.Equal("The same address is on line 2; this line was not used.", result.Lines[2].Reason);
        Assert.Equal("It was here already; new: first name, one tag.", result.Lines[0].Reason);
        Assert.Contains("5 values for 4 columns", result.Lines[3].Reason, StringComparison.Ordinal);
        Assert.Equal(
            [
                "ada@example.net|Ada|Lovelace|beta,news,vip",
                "grace@example.net|Grace||",
                "old@example.net|Old||kept,news",
            ],
            await rig.ContactsAsync()
        );
        Assert.Equal(0, rig.FilesLeft);
    }

    [Fact]
    public async Task Import_OfWhatIsHereAlready_IsCounted_AndLeavesNoLine()
    {
        await using var rig = await ImportRig.CreateAsync();
        const string People = "email,first_name,tags\nada@example.net,Ada,news\ngrace@example.net,Grace,";
        await rig.ImportAsync(People);

        var again = await rig.ImportAsync(People);

        Assert.Equal((2, 0, 2, 0, 0), again.Counts);
        Assert.Empty(again.Lines);
        // Of the same contact a second time in one file something is said, new or not.
        var twice = await rig.ImportAsync(People + "\nada@example.net,,");
        Assert.Equal((3, 0, 2, 1, 0), twice.Counts);
        Assert.Equal(["4 Duplicate"], twice.Outcomes);
    }

    [Theory]
    [InlineData("email;first_name\nada@example.net;Ada")]
    [InlineData("email\tfirst_name\nada@example.net\tAda")]
    [InlineData("First Name , E-Mail\r\nAda , ada@example.net\r\n")]
    [InlineData("\ufeffE-mail address,given name\rada@example.net,Ada\r")]
    [InlineData("\"email\",\"first name\"\n \"ada@example.net\" , \"Ada\" ")]
    [InlineData("id,note,address,firstName\n1,\"two\nlines, and \"\"more\"\"\",ada@example.net,Ada\n,,,\n\n")]
    [InlineData("address,email,first name\n1 Main Street,ada@example.net,Ada")]
    public async Task Import_WhateverTheDialect_FindsColumnsByName(string csv)
    {
        await using var rig = await ImportRig.CreateAsync();

        var result = await rig.ImportAsync(csv);

        Assert.Equal((1, 1, 0, 0, 0), result.Counts);
        Assert.Equal(["ada@example.net|Ada||"], await rig.ContactsAsync());
    }

    [Fact]
    public async Task Import_WithColumnsNamedAsFieldsAre_KeepsThemAtTheContact()
    {
        await using var rig = await ImportRig.CreateAsync();
        await new AddContact(rig.Database.Db).ExecuteAsync(
            rig.Editor,
            new(
                "old@example.net",
                null,
                null,
                null,
                new Dictionary<string, string?>(StringComparer.Ordinal) { ["town"] = "Bergen", ["plan"] = "gold" }
            )
        );

        var result = await rig.ImportAsync(
            "email, town ,Company,first_name,note\n"
                + "ada@example.net,Oslo,Analytical,Ada,\"two\nlines\"\n"
                + "old@example.net,Paris,,,\n"
                + $"long@example.net,{new string('x', 1001)},,,\n"
        );

        Assert.Equal(["4 Updated", "5 Rejected"], result.Outcomes);
        Assert.Equal("It was here already; new: fields.", result.Lines[0].Reason);
        Assert.Contains("field town is longer", result.Lines[1].Reason, StringComparison.Ordinal);
        await using var db = rig.Database.Db.Read(rig.Tenant.Scope);
        Assert.Equal(
            ["""{"note":"two lines","town":"Oslo"}""", """{"plan":"gold","town":"Paris"}"""],
            await db.Contacts.OrderBy(contact => contact.Email).Select(contact => contact.Fields).ToListAsync()
        );
    }

    [Fact]
    public async Task Import_OfAnExport_HasEverybodyAgain_AndWhoLeftIsNotMailed()
    {
        await using var source = await ImportRig.CreateAsync();
        await using var target = await ImportRig.CreateAsync();
        var fields = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["town"] = new string('ü', 1000),
            ["plan"] = "=\"gold\", 1",
        };
        await new AddContact(source.Database.Db).ExecuteAsync(
            source.Editor,
            new("+ada@example.net", "=Ada", "Löv", "news; beta", fields)
        );
        await source.Database.AddContactAsync(source.Tenant, "left@example.net");
        await new AddSuppression(source.Database.Db).ExecuteAsync(
            source.Tenant.As(TenantRole.Admin),
            "left@example.net",
            SuppressionReason.Manual,
            null
        );
        await target.Database.AddContactAsync(target.Tenant, "left@example.net");

        var result = await target.ImportAsync(await ExportAsync(source));

        Assert.Equal((2, 1, 1, 0, 0), result.Counts);
        Assert.Equal("It was here already; new: unsubscribed.", Assert.Single(result.Lines).Reason);
        Assert.Equal(await source.ContactsAsync(), await target.ContactsAsync());
        await using var db = target.Database.Db.Read(target.Tenant.Scope);
        var ada = await db.Contacts.SingleAsync(contact => contact.Email == "+ada@example.net");
        Assert.Equal(fields.OrderBy(field => field.Key), ContactFields.Read(ada.Fields).Select(Field));
        var left = await db.SuppressedAddresses.SingleAsync();
        Assert.Equal(("left@example.net", SuppressionReason.Unsubscribed), (left.NormalizedEmail, left.Reason));

        static KeyValuePair<string, string?> Field(KeyValuePair<string, string> field) => new(field.Key, field.Value);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("null")]
    [InlineData("{\"\"age\"\": 7}")]
    public async Task Import_OfFieldsThatCannotBeRead_RejectsTheLine(string value)
    {
        await using var rig = await ImportRig.CreateAsync();

        var result = await rig.ImportAsync($"email,fields\nada@example.net,\"{value}\"\n");

        Assert.Contains("not a JSON object", Assert.Single(result.Lines).Reason, StringComparison.Ordinal);
        Assert.Empty(await rig.ContactsAsync());
    }

    [Fact]
    public async Task Import_HearsWhoLeft_AlsoOnALineThatIsNotUsed_AndRejectsWhatItCannotRead()
    {
        await using var rig = await ImportRig.CreateAsync();

        var result = await rig.ImportAsync(
            "email,subscribed\na1@example.net,true\na1@example.net,false\na1@example.net,no\na2@example.net,FALSCH\n"
        );

        Assert.Equal((4, 1, 0, 2, 1), result.Counts);
        Assert.EndsWith("They are unsubscribed all the same.", result.Lines[0].Reason, StringComparison.Ordinal);
        Assert.StartsWith("The value of the column “subscribed”", result.Lines[2].Reason, StringComparison.Ordinal);
        await using var db = rig.Database.Db.Read(rig.Tenant.Scope);
        Assert.Equal("a1@example.net", (await db.SuppressedAddresses.SingleAsync()).NormalizedEmail);
        Assert.Equal("a1@example.net", (await db.Contacts.SingleAsync()).NormalizedEmail);
    }

    [Fact]
    public async Task Import_HearsWhoLeft_AlsoOnALineWhoseOtherValuesAreRejected_ButNotWhereTheColumnsAreUnsure()
    {
        await using var rig = await ImportRig.CreateAsync();
        await rig.Database.AddContactAsync(rig.Tenant, "a1@example.net");
        var tooLong = new string('x', 201);

        var result = await rig.ImportAsync(
            $"email,first name,subscribed\na1@example.net,{tooLong},false\na2@example.net,{tooLong},\na3@example.net,Ada,Lo,false\n"
        );

        Assert.Equal((3, 0, 0, 0, 3), result.Counts);
        Assert.EndsWith("They are unsubscribed all the same.", result.Lines[0].Reason, StringComparison.Ordinal);
        await using var db = rig.Database.Db.Read(rig.Tenant.Scope);
        Assert.Equal("a1@example.net", (await db.SuppressedAddresses.SingleAsync()).NormalizedEmail);
    }

    [Fact]
    public async Task Import_OfMalformedLines_RejectsThoseAndNoOther()
    {
        await using var rig = await ImportRig.CreateAsync();
        var file = Encoding.UTF8.GetBytes(
            "email,first name\na1@example.net,\"never closed\na2@example.net,Ok\na3@example.net,O\"Brien\na4@example.net,\"Ok\"x\n"
        );
        byte[] latin1 = [.. Encoding.UTF8.GetBytes("a5@example.net,J"), 0xFC, .. Encoding.UTF8.GetBytes("rgen\n")];
        var tooLong = Encoding.UTF8.GetBytes("a6@example.net," + new string('x', 70_000) + "\na7@example.net,Ok\n");

        var result = await rig.ImportAsync([.. file, .. latin1, .. tooLong]);

        Assert.Equal((7, 2, 0, 0, 5), result.Counts);
        Assert.Equal(["2 Rejected", "4 Rejected", "5 Rejected", "6 Rejected", "7 Rejected"], result.Outcomes);
        Assert.Contains("not closed", result.Lines[0].Reason, StringComparison.Ordinal);
        Assert.Contains("quotation mark", result.Lines[1].Reason, StringComparison.Ordinal);
        Assert.Contains("UTF-8", result.Lines[3].Reason, StringComparison.Ordinal);
        Assert.Contains("65,536 bytes", result.Lines[4].Reason, StringComparison.Ordinal);
        Assert.Equal(["a2@example.net|Ok||", "a7@example.net|Ok||"], await rig.ContactsAsync());
    }

    [Fact]
    public async Task Import_OfHostileValues_RefusesOrShowsThemAsTheyAre()
    {
        await using var rig = await ImportRig.CreateAsync();

        var result = await rig.ImportAsync(
            "email,first name\n"
                + "a1@example.net,=HYPERLINK(\"x\")\n"
                + "a2@example.net,\"=1+1\"\n"
                + "a3@example.net,\u202eevil\n"
                + "\"a4@example.net\nBcc: eve@example.net\",Ada\n"
                + "=cmd@example.net,\u202eAda\n"
                + "a5\u200b@example.net,<script>\n"
        );

        Assert.Equal(["a2@example.net|=1+1||"], await rig.ContactsAsync());
        Assert.Equal(5, result.View.Rejected);
        Assert.Equal(["", "a3@example.net", "", "=cmd@example.net", ""], result.Lines.Select(line => line.Email));

        using var content = new MemoryStream();
        await rig.Report.WriteRejectedAsync(rig.Editor, result.View.Id, content);
        var csv = Encoding.UTF8.GetString(content.ToArray());
        Assert.Contains("'=cmd", csv, StringComparison.Ordinal);
        Assert.DoesNotContain(",=cmd", csv, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RejectedLine_KeepsTheAddressAsItIsCompared_AndNothingOfWhatIsNone()
    {
        await using var rig = await ImportRig.CreateAsync();

        var result = await rig.ImportAsync(
            "email,first name\nAnna@Bücher.example,\u202eAnna\n'ada@example.com',Ada\nada@example.com,\"Ada\n"
        );

        Assert.Equal(3, result.View.Rejected);
        Assert.Equal(["anna@xn--bcher-kva.example", "", ""], result.Lines.Select(line => line.Email));
    }

    [Theory]
    [InlineData("name,phone\nAda,1", "no column for the e-mail address")]
    [InlineData("", "empty")]
    [InlineData("\nada@example.net", "first line is empty")]
    [InlineData("PK\u0003\u0004", "spreadsheet")]
    [InlineData("email,\"name\nada@example.net,Ada", "no column")]
    public async Task Start_OfAFileThatIsNone_IsRefusedWithTheReason(string csv, string reason)
    {
        await using var rig = await ImportRig.CreateAsync();

        var refused = Assert.IsType<ImportOutcome.Refused>(await rig.StartAsync(csv));

        Assert.Contains(reason, refused.Reason, StringComparison.Ordinal);
        Assert.Equal(0, rig.FilesLeft);
        Assert.Empty(await rig.Report.LatestAsync(rig.Editor, 10));
    }

    [Fact]
    public async Task Start_OfUtf16OrTooMuch_IsRefused()
    {
        await using var rig = await ImportRig.CreateAsync();

        Assert.IsType<ImportOutcome.Refused>(
            await rig.StartAsync([.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("email\n")])
        );
        Assert.IsType<ImportOutcome.Refused>(await rig.StartAsync(new byte[ImportFiles.MaxBytes + 1]));
        Assert.Equal(0, rig.FilesLeft);
    }

    [Fact]
    public async Task Start_ByAViewerOrAStranger_IsRefusedAndStoresNothing()
    {
        await using var rig = await ImportRig.CreateAsync();
        var south = await rig.Database.AddTenantAsync("south");
        var file = Encoding.UTF8.GetBytes("email\nada@example.net");

        await Assert.ThrowsAsync<AccessDeniedException>(() => rig.StartAsync(file, rig.Tenant.As(TenantRole.Viewer)));
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            rig.StartAsync(file, south.As(TenantRole.Owner) with { Scope = rig.Tenant.Scope })
        );
        Assert.Equal(0, rig.FilesLeft);
    }

    [Fact]
    public async Task Report_OfAnotherTenant_IsNotThere()
    {
        await using var rig = await ImportRig.CreateAsync();
        var south = (await rig.Database.AddTenantAsync("south")).As(TenantRole.Owner);
        await rig.Database.AddContactAsync(await rig.Database.AddTenantAsync("east"), "ada@example.net");

        var result = await rig.ImportAsync("email\nada@example.net\nnonsense");

        Assert.Equal((2, 1, 0, 0, 1), result.Counts);
        Assert.Null(await rig.Report.FindAsync(south, result.View.Id));
        Assert.Equal(0, (await rig.Report.LinesAsync(south, result.View.Id, null, 0, 10)).Total);
        Assert.Empty(await rig.Report.LatestAsync(south, 10));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Import_KilledAfterAnyBatch_GoesOnWithoutLosingOrRepeatingALine(int batches)
    {
        var faults = new FailsAtCommit();
        await using var rig = await ImportRig.CreateAsync(faults);
        var csv = new StringBuilder("email,first name\n");
        for (var i = 0; i < 1700; i++)
        {
            csv.Append(i % 10 == 9 ? "nonsense\n" : $"p{i % 1600}@example.net,P{i}\n");
        }

        var started = Assert.IsType<ImportOutcome.Started>(await rig.StartAsync(csv.ToString()));
        faults.CommitsLeft = batches - 1;
        // The commit stands, but the process is gone before it knows.
        await Assert.ThrowsAsync<CommitInDoubtException>(() => rig.Importer().RunOnceAsync(CancellationToken.None));
        faults.CommitsLeft = int.MaxValue;
        var between = await rig.ResultAsync(started.ImportId);

        Assert.Equal(1, await rig.Importer().RunOnceAsync(CancellationToken.None));

        var result = await rig.ResultAsync(started.ImportId);
        Assert.True(between.View.Running);
        Assert.Equal(Math.Min(1700, batches * ContactImporter.BatchLines), between.View.Lines);
        Assert.Equal((1700, 1440, 0, 90, 170), result.Counts);
        Assert.Equal(1440, (await rig.ContactsAsync()).Count);
        Assert.Equal(0, await rig.Importer().RunOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Import_StoppedByShutdown_IsNoFailure()
    {
        await using var rig = await ImportRig.CreateAsync();
        var started = Assert.IsType<ImportOutcome.Started>(await rig.StartAsync("email\nada@example.net"));
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rig.Importer().RunOnceAsync(stopped.Token));
        Assert.Equal(ImportStatus.Queued, (await rig.ResultAsync(started.ImportId)).View.Status);

        await rig.Importer().RunOnceAsync(CancellationToken.None);
        Assert.Equal(1, (await rig.ResultAsync(started.ImportId)).View.Accepted);
    }

    // With several instances a file that is not here may lie with another one, and is waited for.
    [SqliteFact]
    public async Task Import_WhoseFileIsGone_FailsWithASentence_AndTheNextOneRuns()
    {
        await using var rig = await ImportRig.CreateAsync();
        var lost = Assert.IsType<ImportOutcome.Started>(await rig.StartAsync("email\nada@example.net"));
        rig.Database.Time.Advance(TimeSpan.FromSeconds(1));
        var next = Assert.IsType<ImportOutcome.Started>(await rig.StartAsync("email\ngrace@example.net"));
        rig.Files.Delete(lost.ImportId);

        Assert.Equal(2, await rig.Importer().RunOnceAsync(CancellationToken.None));

        var failed = (await rig.ResultAsync(lost.ImportId)).View;
        Assert.Equal(ImportStatus.Failed, failed.Status);
        Assert.Contains("could not be read", failed.Problem, StringComparison.Ordinal);
        Assert.Equal(ImportStatus.Completed, (await rig.ResultAsync(next.ImportId)).View.Status);
        await using var db = rig.Database.Db.Read(rig.Tenant.Scope);
        Assert.Equal(
            ["contacts.import_started", "contacts.import_started", "contacts.import_failed", "contacts.imported"],
            await db.AuditEntries.OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync()
        );
    }

    private sealed class FailsAtCommit : StorageFaults
    {
        public int CommitsLeft { get; set; } = int.MaxValue;

        public override void AfterCommit()
        {
            if (CommitsLeft-- == 0)
            {
                throw new IOException("Killed.");
            }
        }
    }

    private static async Task<byte[]> ExportAsync(ImportRig rig)
    {
        using var file = new MemoryStream();
        await new ContactExport(rig.Database.Db).WriteAsync(
            rig.Editor,
            new ContactFilter(),
            null,
            file,
            CancellationToken.None
        );
        return file.ToArray();
    }
}
