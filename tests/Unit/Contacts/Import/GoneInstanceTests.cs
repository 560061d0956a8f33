using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Suppression;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Support;

namespace UnitTests.Contacts.Import;

/// <summary>Several instances, one database: a file lies with the one that took it in, and that one may be gone.</summary>
public sealed class GoneInstanceTests : IDisposable
{
    private readonly DirectoryInfo _elsewhere = Directory.CreateTempSubdirectory("ledgerpost-import-");

    public void Dispose() => _elsewhere.Delete(recursive: true);

    [Fact]
    public async Task Import_WhoseInstanceIsGone_IsEndedByAnother_WithTheReason()
    {
        await using var rig = await ImportRig.CreateAsync();
        var import = Assert.IsType<ImportOutcome.Started>(await rig.StartAsync("email\nada@example.net")).ImportId;
        var other = Other(rig);
        await other.WatchAsync(CancellationToken.None);
        await rig.Importer().WatchAsync(CancellationToken.None);
        Assert.Equal(0, await ListenAsync(rig, other, ContactImporter.TakenForGoneAfter));

        Assert.Equal(1, await ListenAsync(rig, other, TimeSpan.FromSeconds(1)));
        var view = (await rig.ResultAsync(import)).View;
        Assert.Equal(ImportStatus.Failed, view.Status);
        Assert.Contains("import the file again", view.Problem, StringComparison.Ordinal);
        Assert.Equal(0, await ListenAsync(rig, other, TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task Import_AfterAnOutageOfAll_IsNotEndedByWhoeverComesFirst()
    {
        await using var rig = await ImportRig.CreateAsync();
        var import = Assert.IsType<ImportOutcome.Started>(await rig.StartAsync("email\nada@example.net")).ImportId;
        var (other, started) = (Other(rig), Other(rig));
        Assert.Equal(0, await ListenAsync(rig, other, TimeSpan.FromMinutes(15), rig.Importer()));

        // One could not ask the database, the other was stopped and has just begun.
        rig.Database.Time.Advance(ContactImporter.TakenForGoneAfter * 2);
        Assert.Equal(0, await other.WatchAsync(CancellationToken.None));
        Assert.Equal(0, await started.WatchAsync(CancellationToken.None));

        Assert.Equal(1, await rig.Importer().RunOnceAsync(CancellationToken.None));
        Assert.Equal(ImportStatus.Completed, (await rig.ResultAsync(import)).View.Status);
    }

    [Fact]
    public async Task Import_WhoseInstanceSaysThatItIsThere_IsLeftToIt_HoweverLongItTakes()
    {
        await using var rig = await ImportRig.CreateAsync();
        var import = Assert.IsType<ImportOutcome.Started>(await rig.StartAsync("email\nada@example.net")).ImportId;
        Assert.Equal(0, await ListenAsync(rig, Other(rig), TimeSpan.FromMinutes(30), rig.Importer()));

        Assert.Equal(1, await rig.Importer().RunOnceAsync(CancellationToken.None));
        Assert.Equal(ImportStatus.Completed, (await rig.ResultAsync(import)).View.Status);
    }

    [Fact]
    public async Task Instance_ThatWasTakenForGone_AddsNobodyToAnImportThatWasEnded()
    {
        var faults = new Between();
        await using var rig = await ImportRig.CreateAsync(faults);
        var lines = Enumerable
            .Range(1, ContactImporter.BatchLines + 10)
            .Select(number => $"person{number}@example.net");
        var import = Assert
            .IsType<ImportOutcome.Started>(await rig.StartAsync("email\n" + string.Join('\n', lines)))
            .ImportId;
        await using var others = new PortalDb(
            rig.Database.ConnectionString,
            rig.Database.Time,
            new SeededIds(),
            TestDatabase.AuditKeys,
            provider: TestDatabase.Provider
        );
        var other = Other(rig, others);
        // It sleeps after its first batch, and wakes up after the others have given it up.
        faults.Next = async () =>
            Assert.Equal(1, await ListenAsync(rig, other, ContactImporter.TakenForGoneAfter + TimeSpan.FromMinutes(1)));

        await rig.Importer().RunOnceAsync(CancellationToken.None);

        var view = (await rig.ResultAsync(import)).View;
        Assert.Equal((ImportStatus.Failed, ContactImporter.BatchLines), (view.Status, view.Lines));
        Assert.Equal(ContactImporter.BatchLines, (await rig.ContactsAsync()).Count);
        Assert.Contains("server that had the uploaded file is gone", view.Problem, StringComparison.Ordinal);
        Assert.Equal(0, rig.FilesLeft);
    }

    /// <summary>Each minute, as the host has them do; before it the one that has the file, if it is there.</summary>
    /// <returns>How many imports the other has ended.</returns>
    private static async Task<int> ListenAsync(
        ImportRig rig,
        ContactImporter other,
        TimeSpan span,
        ContactImporter? owner = null
    )
    {
        var ended = 0;
        for (var left = span; left > TimeSpan.Zero; left -= TimeSpan.FromMinutes(1))
        {
            rig.Database.Time.Advance(left < TimeSpan.FromMinutes(1) ? left : TimeSpan.FromMinutes(1));
            if (owner is not null)
            {
                await owner.WatchAsync(CancellationToken.None);
            }

            ended += await other.WatchAsync(CancellationToken.None);
        }

        return ended;
    }

    private sealed class Between : StorageFaults
    {
        public Func<Task>? Next { get; set; }

        public override void AfterCommit()
        {
            var next = Next;
            Next = null;
            // Another process would not wait for this one either.
            next?.Invoke().GetAwaiter().GetResult();
        }
    }

    /// <summary>An instance with a folder of its own.</summary>
    private ContactImporter Other(ImportRig rig, PortalDb? db = null) =>
        new(
            db ?? rig.Database.Db,
            new ImportFiles(_elsewhere.FullName),
            rig.Database.Ids,
            Suppress.ImportedAsync,
            NullLogger<ContactImporter>.Instance
        );
}
