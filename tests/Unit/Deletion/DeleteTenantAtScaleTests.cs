using System.Diagnostics;
using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Senders;
using UnitTests.Sending;
using UnitTests.Support;
using Xunit.Abstractions;

namespace UnitTests.Deletion;

/// <summary>A large tenant goes without a rest, in real time; printed and not asserted, how long it and its neighbour take.</summary>
[Trait("Category", "Long")]
public sealed class DeleteTenantAtScaleTests(ITestOutputHelper output)
{
    private const int People = 200_000;

    [SqliteFact]
    public async Task LargeTenant_Goes_AndItsNeighbourWritesMeanwhile()
    {
        await using var engine = await EngineHarness.CreateAsync(clock: TimeProvider.System);
        var south = await engine.Database.AddTenantAsync("south");
        await engine.Database.AddManyContactsAsync(engine.Tenant, People);
        await engine.LaunchAsync();
        Assert.Equal(People, (await engine.Database.CountRowsAsync(engine.Tenant.Id))["Recipients"]);
        await new DeleteTenant(engine.Db, new DeletionSignal()).ExecuteAsync(
            Actor.CommandLine,
            engine.Tenant.Id,
            name: null,
            record: null,
            CancellationToken.None
        );
        var waits = new List<double>();
        var clock = Stopwatch.StartNew();

        var job = DeletionSteps.Job(engine.Database, engine.Crash, new ScriptedDomains()).RunOnceAsync(default);
        while (!job.IsCompleted)
        {
            var began = Stopwatch.GetTimestamp();
            await engine.Db.WriteAsync(
                south.Scope,
                (db, token) =>
                    db
                        .Tenants.Where(row => row.Id == south.Id)
                        .ExecuteUpdateAsync(set => set.SetProperty(row => row.Name, "South"), token),
                default
            );
            waits.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            await Task.WhenAny(job, Task.Delay(20));
        }

        Assert.Equal(1, await job);
        waits.Sort();
        output.WriteLine(
            $"{People:N0} contacts and as many recipients: {clock.Elapsed.TotalSeconds:N1} s; a neighbour's {waits.Count:N0} writes: half within {waits[waits.Count / 2]:N1} ms, 99 % within {waits[waits.Count * 99 / 100]:N1} ms, the longest {waits[^1]:N0} ms"
        );
        var left = await engine.Database.CountRowsAsync(engine.Tenant.Id);
        Assert.Equal(left["AuditEntries"], left.Values.Sum());
        await using var after = engine.Db.Read(TenantScope.None);
        Assert.Equal([south.Id], await after.Tenants.Select(row => row.Id).ToListAsync());
    }
}
