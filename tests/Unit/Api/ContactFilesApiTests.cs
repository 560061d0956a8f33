using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Segments;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Api;

/// <summary>Contacts as files, and what is said of one contact beside its fields.</summary>
public sealed class ContactFilesApiTests(ApiRulesTests.Portal portal) : IClassFixture<ApiRulesTests.Portal>
{
    private ApiHost Api => portal.Api;

    [Fact]
    public async Task Import_IsTakenAndReported_AndTheSameFileUnderItsKeyIsNotImportedAgain()
    {
        using var program = await Api.ProgramAsync(Api.North);
        const string Csv =
            "email,first_name,tags\nin1@example.net,Ada,imported\nnot an address,Eve,\nin2@example.net,,imported\n";

        var begun = await program.CreateAsync("contacts/imports", Form(Csv, "once.csv"), "import-1");
        var again = await program.CreateAsync("contacts/imports", Form(Csv, "once.csv"), "import-1");
        var other = await program.CreateAsync("contacts/imports", Form(Csv + "in3@example.net,,\n"), "import-1");
        var done = await FinishedAsync(program, begun.Text("id")!);

        Assert.Equal((202, false), (begun.Status, begun.WasReplayed));
        Assert.Equal((202, true, begun.Text("id")), (again.Status, again.WasReplayed, again.Text("id")));
        Assert.Equal((422, "idempotency_key_reused"), (other.Status, other.Code));
        Assert.Equal(
            ("completed", "3", "2", "1"),
            (done.Text("status"), done.Text("lines"), done.Text("accepted"), done.Text("rejected"))
        );
        var error = Assert.Single(done.Body.GetProperty("errors").EnumerateArray());
        Assert.Equal(3, error.GetProperty("line").GetInt32());
        await using var db = Api.Host.Get<PortalDb>().Read(Api.North.Caller.Scope);
        Assert.Equal(1, await db.ContactImports.CountAsync(row => row.FileName == "once.csv"));
        Assert.DoesNotContain(Api.Host.Get<ImportFiles>().Here(), file => file.ToString() != begun.Text("id"));
    }

    [Fact]
    public async Task Import_ThatCannotBeRead_IsRefused_AndNothingIsKept()
    {
        using var program = await Api.ProgramAsync(Api.South);
        using var elsewhere = new MultipartFormDataContent { { new StringContent("a,b\n"), "upload", "refused.csv" } };
        using var cut = new ByteArrayContent(
            "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nemail\na@"u8.ToArray()
        );
        cut.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b");

        var noColumn = await program.CreateAsync("contacts/imports", Form("name,city\nAda,London\n", "refused.csv"));
        var wrongField = await program.CreateAsync("contacts/imports", elsewhere);
        var json = await program.CreateAsync("contacts/imports", new { file = "a.csv" });
        var ended = await program.CreateAsync("contacts/imports", cut);

        Assert.Equal((422, "file"), (noColumn.Status, Assert.Single(noColumn.WrongFields)));
        Assert.Equal((422, "validation_failed"), (wrongField.Status, wrongField.Code));
        Assert.Equal(["file", "upload"], wrongField.WrongFields.Order(StringComparer.Ordinal));
        Assert.Equal((415, "unsupported_media_type"), (json.Status, json.Code));
        Assert.Equal((400, "invalid_body"), (ended.Status, ended.Code));
        await using var db = Api.Host.Get<PortalDb>().Read(Api.South.Caller.Scope);
        Assert.False(await db.ContactImports.AnyAsync(row => row.FileName == "refused.csv"));
    }

    [Fact]
    public async Task Import_OfMoreThan200Megabytes_IsRefusedBeforeItIsSent()
    {
        using var program = await Api.ProgramAsync(Api.South);
        program.DefaultRequestHeaders.ExpectContinue = true;
        using var huge = new StreamContent(new Endless(ImportFiles.MaxBytes + 100_000));
        huge.Headers.ContentLength = ImportFiles.MaxBytes + 100_000;
        huge.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b");

        var reply = await program.CreateAsync("contacts/imports", huge);

        Assert.Equal((413, "body_too_large"), (reply.Status, reply.Code));
    }

    [Fact]
    public async Task Import_OfAnotherTenant_AnswersExactlyAsAnUnknownOne()
    {
        using var north = await Api.ProgramAsync(Api.North);
        using var south = await Api.ProgramAsync(Api.South);
        var id = (await south.CreateAsync("contacts/imports", Form("email\nsouthern@example.net\n"))).Text("id")!;

        var foreign = await north.SendAsync(HttpMethod.Get, $"contacts/imports/{id}");
        var unknown = await north.SendAsync(HttpMethod.Get, $"contacts/imports/{Guid.NewGuid()}");
        await FinishedAsync(south, id);
        var export = await north.GetStringAsync("contacts/export");

        Assert.Equal((404, unknown.Body.ToString()), (foreign.Status, foreign.Body.ToString()));
        Assert.DoesNotContain("southern", export, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_OfMoreThanAPage_HasEverybodyOnce_AndRunsNoFormula()
    {
        using var program = await Api.ProgramAsync(Api.North);
        var many = new StringBuilder("email,tags\n");
        for (var i = 0; i < ContactExport.PageSize + 5; i++)
        {
            many.Append("many").Append(i).Append("@example.net,exported\n");
        }

        var begun = await program.CreateAsync("contacts/imports", Form(many.ToString()));
        Assert.Equal("completed", (await FinishedAsync(program, begun.Text("id")!)).Text("status"));
        foreach (var (name, i) in new[] { "=1+1", "+1", "-1", "@SUM(A1)" }.Select((name, i) => (name, i)))
        {
            var added = await program.CreateAsync(
                "contacts",
                new
                {
                    email = $"formula{i}@example.net",
                    first_name = name,
                    fields = new { city = "Paris" },
                    tags = new[] { "exported" },
                }
            );
            Assert.Equal(201, added.Status);
        }

        using var answer = await program.GetAsync("contacts/export?tag=exported");
        var lines = (await answer.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("text/csv", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("email,first_name,last_name,tags,subscribed,created_at,fields", lines[0].TrimStart('\uFEFF'));
        Assert.Equal(ContactExport.PageSize + 9, lines.Skip(1).Distinct(StringComparer.Ordinal).Count());
        Assert.StartsWith("formula3@example.net,\"'@SUM(A1)\",", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("formula0@example.net,\"'=1+1\",", lines[4], StringComparison.Ordinal);
        Assert.EndsWith("\"{\"\"city\"\":\"\"Paris\"\"}\"", lines[4], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Contact_Unsubscribed_StaysSo_AndItsReasonNamesTheProgram()
    {
        using var program = await Api.ProgramAsync(Api.North, "contacts");
        using var south = await Api.ProgramAsync(Api.South);
        var id = (await program.CreateAsync("contacts", new { email = "enough@example.net" })).Text("id");

        var foreign = await south.CreateAsync($"contacts/{id}/unsubscribe", null);
        var done = await program.CreateAsync($"contacts/{id}/unsubscribe", null, "leave");
        var repeated = await program.CreateAsync($"contacts/{id}/unsubscribe", new { }, "leave");
        var again = await program.CreateAsync($"contacts/{id}/unsubscribe", null);
        var unknown = await south.CreateAsync($"contacts/{Guid.NewGuid()}/unsubscribe", null);

        Assert.Equal((200, "False"), (done.Status, done.Text("subscribed")));
        Assert.Equal((200, true), (repeated.Status, repeated.WasReplayed));
        Assert.Equal(200, again.Status);
        Assert.Equal((404, unknown.Body.ToString()), (foreign.Status, foreign.Body.ToString()));
        await using var db = Api.Host.Get<PortalDb>().Read(Api.North.Caller.Scope);
        var row = await db.SuppressedAddresses.SingleAsync(row => row.NormalizedEmail == "enough@example.net");
        Assert.Equal("By Test", row.Detail);
        Assert.Equal(
            1,
            await db.AuditEntries.CountAsync(entry => entry.TargetId == id && entry.Action == "contact.unsubscribed")
        );
    }

    private static MultipartFormDataContent Form(string csv, string name = "contacts.csv") =>
        new() { { new ByteArrayContent(Encoding.UTF8.GetBytes(csv)), "file", name } };

    private async Task<ApiReply> FinishedAsync(HttpClient program, string id)
    {
        var report = Api.Host.Get<ImportReport>();
        var began = Stopwatch.GetTimestamp();
        while (
            (
                await report.FindAsync(Api.North.Caller, Guid.Parse(id))
                ?? await report.FindAsync(Api.South.Caller, Guid.Parse(id))
            )!.Running
        )
        {
            Assert.True(
                Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60),
                "The import does not come to its end."
            );
            await Task.Yield();
        }

        return await program.SendAsync(HttpMethod.Get, $"contacts/imports/{id}");
    }

    /// <summary>Claims a length; whoever reads it has failed the test.</summary>
    private sealed class Endless(long length) : MemoryStream
    {
        public override bool CanSeek => false;

        public override long Length => length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new InvalidOperationException("The body was asked for.");
    }
}
