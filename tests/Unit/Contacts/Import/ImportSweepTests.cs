using Ledgerpost.Contacts.Import;
using Microsoft.EntityFrameworkCore;

namespace UnitTests.Contacts.Import;

/// <summary>Uploads that nobody needs any more; what comes in has a file before it has a row.</summary>
public sealed class ImportSweepTests
{
    [Fact]
    public async Task Sweep_DeletesOnlyWhatNoImportNeeds()
    {
        await using var rig = await ImportRig.CreateAsync();
        await rig.StartAsync("email\nada@example.net");
        var left = rig.Database.Ids.New();
        await rig.Files.SaveAsync(left, new MemoryStream([1]), CancellationToken.None);

        Assert.Equal(0, await rig.Importer().SweepAsync(CancellationToken.None));
        rig.Files.CameIn(left);
        Assert.Equal(1, await rig.Importer().SweepAsync(CancellationToken.None));

        Assert.Equal(1, rig.FilesLeft);
        await rig.Importer().RunOnceAsync(CancellationToken.None);
        Assert.Equal(["ada@example.net|||"], await rig.ContactsAsync());
    }

    [Fact]
    public async Task FileOfATenantThatWasDeletedElsewhere_GoesWithinAMinute_AndOneThatComesInStays()
    {
        await using var rig = await ImportRig.CreateAsync();
        var kept = Assert.IsType<ImportOutcome.Started>(await rig.StartAsync("email\nada@example.net"));
        var gone = Assert.IsType<ImportOutcome.Started>(await rig.StartAsync("email\nbob@example.net"));
        // As another instance deletes them: it cannot reach this folder.
        await rig.Database.Db.WriteAsync(
            rig.Tenant.Scope,
            (db, token) => db.ContactImports.Where(row => row.Id == gone.ImportId).ExecuteDeleteAsync(token),
            CancellationToken.None
        );
        var slow = new Meanwhile(() => rig.Importer().WatchAsync(CancellationToken.None));

        var coming = Assert.IsType<ImportOutcome.Started>(
            await new StartImport(rig.Database.Db, rig.Files, rig.Database.Ids, new ImportSignal()).ExecuteAsync(
                rig.Editor,
                "slow.csv",
                slow
            )
        );

        Assert.True(slow.WasRead);
        Assert.False(rig.Files.Has(gone.ImportId));
        Assert.True(rig.Files.Has(kept.ImportId) && rig.Files.Has(coming.ImportId));
        await rig.Importer().WatchAsync(CancellationToken.None);
        Assert.Equal(2, await rig.Importer().RunOnceAsync(CancellationToken.None));
        Assert.Equal(["ada@example.net|||", "eve@example.net|||"], await rig.ContactsAsync());
        Assert.Equal(0, rig.FilesLeft);
    }

    /// <summary>An upload during which something else happens, when its file is there and its row is not.</summary>
    private sealed class Meanwhile(Func<Task> other) : MemoryStream("email\neve@example.net"u8.ToArray())
    {
        public bool WasRead { get; private set; }

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            if (!WasRead)
            {
                WasRead = true;
                await other();
            }

            return await base.ReadAsync(buffer, cancellationToken);
        }
    }
}
