using System.Text;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Support;

namespace UnitTests.Contacts.Import;

/// <summary>A database, a folder for uploads, and the importer between them.</summary>
internal sealed class ImportRig : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ledgerpost-import-").FullName;

    private ImportRig(TestDatabase database, TestTenant tenant)
    {
        Database = database;
        Tenant = tenant;
        Files = new ImportFiles(_folder);
        Report = new ImportReport(database.Db);
    }

    public TestDatabase Database { get; }
    public TestTenant Tenant { get; }
    public ImportFiles Files { get; }
    public ImportReport Report { get; }
    public Caller Editor => Tenant.As(TenantRole.Editor);
    public int FilesLeft => Directory.GetFiles(_folder).Length;

    public static async Task<ImportRig> CreateAsync(StorageFaults? faults = null)
    {
        var database = await TestDatabase.CreateAsync(faults: faults);
        return new ImportRig(database, await database.AddTenantAsync("north"));
    }

    public ContactImporter Importer() =>
        new(Database.Db, Files, Database.Ids, Suppress.ImportedAsync, NullLogger<ContactImporter>.Instance);

    public Task<ImportOutcome> StartAsync(string csv) => StartAsync(Encoding.UTF8.GetBytes(csv));

    public Task<ImportOutcome> StartAsync(byte[] file, Caller? caller = null) =>
        new StartImport(Database.Db, Files, Database.Ids, new ImportSignal()).ExecuteAsync(
            caller ?? Editor,
            "people.csv",
            new MemoryStream(file)
        );

    public Task<ImportResult> ImportAsync(string csv) => ImportAsync(Encoding.UTF8.GetBytes(csv));

    public async Task<ImportResult> ImportAsync(byte[] file)
    {
        var started = Assert.IsType<ImportOutcome.Started>(await StartAsync(file));
        Assert.Equal(1, await Importer().RunOnceAsync(CancellationToken.None));
        return await ResultAsync(started.ImportId);
    }

    public async Task<ImportResult> ResultAsync(Guid importId) =>
        new(
            (await Report.FindAsync(Editor, importId))!,
            (await Report.LinesAsync(Editor, importId, null, 0, ImportReport.MaxPageSize)).Rows
        );

    /// <summary>Every contact as "address|first|last|tag,tag", in the order of addresses.</summary>
    public async Task<IReadOnlyList<string>> ContactsAsync()
    {
        await using var db = Database.Db.Read(Tenant.Scope);
        var contacts = await db.Contacts.Include(row => row.Tags).OrderBy(row => row.NormalizedEmail).ToListAsync();
        return
        [
            .. contacts.Select(row =>
                $"{row.Email}|{row.FirstName}|{row.LastName}|{string.Join(',', row.Tags.Select(tag => tag.Tag).Order(StringComparer.Ordinal))}"
            ),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

internal sealed record ImportResult(ImportView View, IReadOnlyList<ImportLineView> Lines)
{
    public (int Lines, int Accepted, int Updated, int Duplicates, int Rejected) Counts =>
        (View.Lines, View.Accepted, View.Updated, View.Duplicates, View.Rejected);

    public IEnumerable<string> Outcomes => Lines.Select(line => $"{line.Line} {line.Outcome}");
}
