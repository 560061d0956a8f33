using System.Diagnostics;
using System.Globalization;
using Ledgerpost;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;

namespace Bench;

/// <summary>A tenant's audit log of many entries: what a page, a filter, an export's page and a verification cost.</summary>
internal static class AuditBench
{
    private const int AtOnce = 1000;
    private const int People = 20;

    private static readonly AuditKeys Keys = new(Seed.AuditKey);

    private static readonly string[] Actions =
    [
        "contact.changed",
        "campaign.edited",
        "segment.changed",
        "contact.added",
    ];

    /// <param name="server">Null for SQLite.</param>
    public static async Task RunAsync(int entries, PostgreSqlServer? server, BenchOptions options, Report report)
    {
        await using var store = await Store.CreateAsync(server);
        var name = string.Create(CultureInfo.InvariantCulture, $"{store.Name}, {entries:N0} entries of a log");
        Guid tenant;
        await using (var seed = await Seed.CreateAsync(store, "http://provider.invalid"))
        {
            tenant = (await seed.AddAsync("audit", 1)).TenantId;
        }

        var clock = new SteppedClock(DateTimeOffset.UtcNow.AddSeconds(-entries));
        await using var db = new PortalDb(
            store.ConnectionString,
            clock,
            new Version7Ids(clock),
            Keys,
            provider: store.Provider
        );
        var watch = Stopwatch.StartNew();
        await FillAsync(db, clock, tenant, entries);
        report.Add(name, "written", "entries/s", entries / watch.Elapsed.TotalSeconds);
        await db.AnalyzeAsync(CancellationToken.None);
        for (var run = 0; run < options.Runs; run++)
        {
            await PagesAsync(db, tenant, entries, name, report);
            await VerifyAsync(db, tenant, name, report);
        }
    }

    /// <summary>One a second, by commands of many entries each.</summary>
    private static async Task FillAsync(PortalDb db, SteppedClock clock, Guid tenant, int entries)
    {
        for (var written = 0; written < entries; written += AtOnce)
        {
            var first = written;
            var person = first / AtOnce % People;
            clock.Step(TimeSpan.FromSeconds(AtOnce));
            await db.CommandAsync(
                new Caller(
                    TenantScope.For(tenant),
                    new Actor(ActorKind.System, PersonId(person), $"Person {person}", "192.0.2.1", PersonId(person))
                ),
                TenantRole.Viewer,
                (command, _) =>
                {
                    for (var i = first; i < Math.Min(first + AtOnce, entries); i++)
                    {
                        command.Audit(
                            // The last of them is rare.
                            Actions[i % 1000 == 0 ? 3 : i % 3],
                            "contact",
                            $"{i % 100_000}",
                            $"person{i % 100_000}@example.net",
                            new { before = new { name = "Ada" }, after = new { name = "Grace" } }
                        );
                    }

                    return Task.FromResult(true);
                },
                CancellationToken.None
            );
        }
    }

    private static Guid PersonId(int number) => new(number, 7, 7, new byte[8]);

    private static async Task PagesAsync(PortalDb db, Guid tenant, int entries, string name, Report report)
    {
        var query = new AuditQuery(db);
        var now = db.Time.GetUtcNow();
        var middle = now.AddSeconds(-entries / 2);
        var person = PersonId(3).ToString();
        (string Name, AuditFilter Filter, long? Before)[] pages =
        [
            ("first page", new AuditFilter(), null),
            ("deep page", new AuditFilter(), entries / 10),
            ("page of one person", new AuditFilter(Actor: person), null),
            ("page of one person, deep", new AuditFilter(Actor: person), entries / 10),
            ("page of a rare action", new AuditFilter(Action: "contact.added"), null),
            ("page of a kind of action", new AuditFilter(Action: "segment"), null),
            ("page of an action that never was", new AuditFilter(Action: "domain.added"), null),
            ("page of one target", new AuditFilter(Target: "contact:99"), null),
            ("page by a name of a target", new AuditFilter(Target: "person77777@"), null),
            ("page by a name that nobody has", new AuditFilter(Target: "nobody has it"), null),
            ("page of a day in the middle", new AuditFilter(From: middle, Until: middle.AddDays(1)), null),
            ("page of the first hour", new AuditFilter(Until: now.AddSeconds(3600 - entries)), null),
            (
                "page of a day and a person",
                new AuditFilter(Actor: person, From: middle, Until: middle.AddDays(1)),
                null
            ),
        ];
        foreach (var (page, filter, before) in pages)
        {
            // The first of its kind pays for its compilation.
            await query.ReadAsync(TenantScope.For(tenant), filter, before, CancellationToken.None);
            var watch = Stopwatch.StartNew();
            await query.ReadAsync(TenantScope.For(tenant), filter, before, CancellationToken.None);
            report.Add(name, page, "ms", watch.Elapsed.TotalMilliseconds);
        }
    }

    private static async Task VerifyAsync(PortalDb db, Guid tenant, string name, Report report)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var watch = Stopwatch.StartNew();
        var verdict = await new VerifyAuditLog(db, Keys, new AuditAnchorFiles(Path.GetTempPath())).ExecuteAsync(
            TenantScope.For(tenant),
            CancellationToken.None
        );
        report.Add(name, "verification", "s", watch.Elapsed.TotalSeconds);
        report.Add(name, "memory left after it", "MB", (GC.GetTotalMemory(true) - before) / 1e6);
        if (!verdict.IsWhole)
        {
            throw new InvalidOperationException($"{verdict.Fault} at {verdict.FaultAt}.");
        }
    }

    private sealed class SteppedClock(DateTimeOffset begun) : TimeProvider
    {
        private DateTimeOffset _now = begun;

        public override DateTimeOffset GetUtcNow() => _now;

        public void Step(TimeSpan by) => _now += by;
    }
}
