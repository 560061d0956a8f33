using Ledgerpost.Data;
using Ledgerpost.Sending;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace UnitTests.Sending;

/// <summary>Rule 17, where an older database comes back that was already held.</summary>
public sealed class HeldCopyTests
{
    [Fact]
    public async Task OlderDatabase_ThatWasHeldAsACopy_IsHeldAsOlder()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var file = new StampFile(Path.Combine(engine.Database.Folder, "portal.stamp"));
        var hold = new HoldSending(engine.Db, file, NullLogger<HoldSending>.Instance);
        await hold.HoldAsync(HoldReason.Copied, "A test.", CancellationToken.None);
        await using var db = engine.Db.Read(TenantScope.None);
        file.Write(new Stamp(await db.Installation.Select(row => row.Stamp).SingleAsync() + 1, 1));

        await new NoticeOldDatabase(engine.Db, file, hold).ByStampAsync(CancellationToken.None);

        Assert.Equal(HoldReason.RolledBack, await db.Installation.Select(row => row.Hold).SingleAsync());
    }
}
