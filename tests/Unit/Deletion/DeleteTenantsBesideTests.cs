using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;

namespace UnitTests.Deletion;

/// <summary>Several deletions, by several instances.</summary>
public sealed class DeleteTenantsBesideTests
{
    [Fact]
    public async Task TwoInstances_AtOneTenant_EndItOnce_WhereverTheOtherOverhauls()
    {
        for (var at = 1; ; at += 5)
        {
            await using var steps = await DeletionSteps.CreateAsync();
            await steps.CommandAsync(steps.North, "something");
            await steps.Database.FillAsync(steps.North);
            await steps.BeginAsync();
            var (reached, other) = (0, -1);
            steps.Crash.On = async _ =>
            {
                if (++reached == at)
                {
                    steps.Crash.On = null;
                    other = await steps.Job(atMost: 2).RunOnceAsync(CancellationToken.None);
                }
            };

            var first = await steps.Job(atMost: 2).RunOnceAsync(CancellationToken.None);

            await AssertGoneOnceAsync(steps);
            if (other < 0)
            {
                Assert.True(at > 40, $"It came to no more than {reached} places.");
                return;
            }

            Assert.Equal((0, 1), (first, other));
        }
    }

    [Fact]
    public async Task TwoInstances_SideBySide_EndItOnce()
    {
        await using var steps = await DeletionSteps.CreateAsync();
        await steps.CommandAsync(steps.North, "something");
        await steps.Database.FillAsync(steps.North);
        await steps.Database.AddContactsAsync(steps.North, 60, "a", "b");
        await steps.BeginAsync();

        var gone = await Task.WhenAll(
            Enumerable
                .Range(0, 3)
                .Select(_ => Task.Run(() => RunAsync(steps.Job(atMost: 2).RunOnceAsync(CancellationToken.None))))
        );

        Assert.Equal(1, gone.Sum());
        await AssertGoneOnceAsync(steps);

        // They rest after each transaction, in time that only this test moves.
        async Task<int> RunAsync(Task<int> job)
        {
            while (!job.IsCompleted)
            {
                await Task.WhenAny(job, Task.Delay(5));
                steps.Database.Time.Advance(TimeSpan.FromSeconds(1));
            }

            return await job;
        }
    }

    [Fact]
    public async Task OneThatFails_HoldsUpNoOther_AndGoesOnByItself()
    {
        await using var steps = await DeletionSteps.CreateAsync();
        await steps.BeginAsync();
        steps.Database.Time.Advance(TimeSpan.FromSeconds(1));
        await steps.BeginAsync(steps.South);
        var failures = 0;
        // The one that began first is asked for first.
        steps.Domains.BeforeAnswer = () =>
            ++failures == 1 ? throw new IOException("No more files.") : Task.CompletedTask;

        var gone = await steps.Job().RunOnceAsync(CancellationToken.None);

        await using (var db = steps.Database.Db.Read(TenantScope.None))
        {
            Assert.Equal(1, gone);
            Assert.Equal([steps.North.Id], await db.Tenants.Select(tenant => tenant.Id).ToListAsync());
        }

        Assert.Equal(1, await steps.Job().RunOnceAsync(CancellationToken.None));
        await using var after = steps.Database.Db.Read(TenantScope.None);
        Assert.Empty(await after.Tenants.ToListAsync());
    }

    [Fact]
    public async Task OnlyOne_AndItFails_IsToldToTheLoop_WhichRests()
    {
        await using var steps = await DeletionSteps.CreateAsync();
        await steps.BeginAsync();
        steps.Domains.BeforeAnswer = () => throw new IOException("No more files.");

        await Assert.ThrowsAsync<IOException>(() => steps.Job().RunOnceAsync(CancellationToken.None));
    }

    private static async Task AssertGoneOnceAsync(DeletionSteps steps)
    {
        var counts = await steps.Database.CountRowsAsync(steps.North.Id);
        Assert.Equal(counts["AuditEntries"], counts.Values.Sum());
        var verdict = await steps.VerifyAsync(steps.North.Id);
        Assert.True(verdict.IsWhole, $"{verdict}");
        await using var db = steps.Database.Db.Read(TenantScope.Installation);
        Assert.Equal(
            2,
            await db.AuditEntries.CountAsync(entry =>
                entry.Action == "tenant.deleted" && entry.TargetId == steps.North.Id.ToString()
            )
        );
    }
}
