using System.Threading.Channels;
using AdminPortal.Hosting;
using Ledgerpost.Audit;
using Ledgerpost.Tenancy;
using Microsoft.Extensions.Logging.Abstractions;
using UnitTests.Support;

namespace UnitTests.Audit;

/// <summary>The loop that anchors the logs.</summary>
public sealed class AnchorServiceTests
{
    [Fact]
    public async Task Logs_AreAnchoredAtTheStart_AndAgainADayLater()
    {
        await using var database = await TestDatabase.CreateAsync();
        var north = await database.AddTenantAsync("north");
        var folder = Path.Combine(database.Folder, "anchors");
        var files = new AuditAnchorFiles(folder);
        var verify = new VerifyAuditLog(database.Db, TestDatabase.AuditKeys, files);
        var anchor = new AnchorAuditLogs(
            database.Db,
            TestDatabase.AuditKeys,
            files,
            verify,
            NullLogger<AnchorAuditLogs>.Instance
        );
        var time = new HeardTime(database.Time);
        using var service = new AnchorService(anchor, time, NullLogger<AnchorService>.Instance);
        await WriteAsync();

        await service.StartAsync(CancellationToken.None);
        Assert.Equal(TimeSpan.FromDays(1), await time.NextRestAsync());
        Assert.Equal(1, await AnchoredAsync());
        await WriteAsync();
        database.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(TimeSpan.FromDays(1), await time.NextRestAsync());
        Assert.Equal(2, await AnchoredAsync());
        await service.StopAsync(CancellationToken.None);

        // A file a day.
        Assert.Equal(
            ["2026-03-02", "2026-03-03"],
            Directory
                .GetFiles(folder)
                .Select(path => Path.GetFileNameWithoutExtension(path))
                .Order(StringComparer.Ordinal)
        );

        Task<bool> WriteAsync() =>
            database.Db.CommandAsync(
                north.As(TenantRole.Owner),
                TenantRole.Viewer,
                (command, _) =>
                {
                    command.Audit("thing.done", "thing", "1", "something");
                    return Task.FromResult(true);
                },
                CancellationToken.None
            );

        async Task<long> AnchoredAsync() => (await verify.AnchorAsync(north.Scope, CancellationToken.None))!.Sequence;
    }

    /// <summary>Says when the loop begins to rest, and for how long.</summary>
    private sealed class HeardTime(ManualTime time) : TimeProvider
    {
        private readonly Channel<TimeSpan> _rests = Channel.CreateUnbounded<TimeSpan>();

        public Task<TimeSpan> NextRestAsync() => _rests.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = time.CreateTimer(callback, state, dueTime, period);
            _rests.Writer.TryWrite(dueTime);
            return timer;
        }
    }
}
