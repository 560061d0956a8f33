using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Ledgerpost.Data;
using Npgsql;
using UnitTests.Sending;
using UnitTests.Support;

namespace UnitTests.Architecture;

/// <summary>
/// The safety register (docs/safety.md) against the code: each mechanism has its row, each row its test and its counter, and
/// a counter counts when its mechanism is really needed.
/// </summary>
public sealed partial class SafetyRegisterTests
{
    /// <summary>Mechanisms that work by being there: nothing happens at a moment that could be counted.</summary>
    private static readonly Dictionary<string, string> WithoutCounter = new(StringComparer.Ordinal)
    {
        ["intent before the POST"] = "an order of steps; what it is for shows as recovered_at_start",
        ["a place among the calls before the intent"] = "what every call waits for",
        ["what waits for a place is given back"] = "a chunk that is due again, at every stop",
        ["the From line names the sender in the intent"] = "a condition of the intent; it counts as intent_sender_lost",
        ["an own account only at the provider that is configured"] = "the same, as intent_other_account",
        ["an own account is its owner's"] = "the same",
        ["the database refuses another tenant's account in a row, and another owner of an account"] =
            "the database refuses",
        ["a bounded number of calls over all own accounts"] = "what every call waits for",
        ["own accounts in turn"] = "an order of turns",
        ["half of the places for accounts that answer"] = "an order of turns",
        ["a look that is older than a change counts for nothing"] = "it looks once more",
        ["a usable key in the claim"] = "a condition of a query",
        ["domains that were left go where the next key leads"] = "an owner's deed, in the audit log",
        ["a left domain's id proves its account"] = "an owner's deed, in the audit log",
        ["a campaign is stopped for its account before its doubt ends"] = "the campaign stops with a reason of its own",
        ["doubt of an account that was left is a question"] = "a condition of a query",
        ["only verified sends, and partly only where the records of sending are"] =
            "the campaign stops with its reason",
        ["the sender is the tenant's own, for each way to send"] =
            "a condition of a query; what it guards counts as intent_sender_lost",
        ["a secret that two accounts know speaks for the current one"] = "an order of a query",
        ["an own suppression list speaks for its tenant alone"] = "a condition of a query",
        ["an allowance of events for each account"] = "an answer to the provider, who comes again",
        ["what is remembered at a door is bounded"] = "who was wrong least often is forgotten",
        ["a lost verification is told once"] = "a condition of an UPDATE",
        ["of a key four letters are shown"] = "what a page shows",
        ["an own key is kept while something is in doubt"] = "a job that looks again later",
        ["a key is asked for before the intent"] = "the campaign stops with a reason of its own",
        ["an unused account is found so in the transaction that gives it another key"] =
            "an owner's deed, in the audit log",
        ["a key is replaced only where it is still the one that was proven"] = "an owner is told, and tries again",
        ["an answer about a domain counts only if none was kept since it was asked for"] =
            "the provider is asked again",
        ["a test mail's sender is asked for again after its turn"] = "whoever asked for it is told why",
        ["window in the claim"] = "a chunk is passed over at every look; it counts once, as doubt_expired",
        ["a deletion waits for intents that are being written"] = "a lock, taken at every intent",
        ["rows stay while a call of the tenant is under way"] = "a job that looks again later",
        ["every tenant table is emptied, out of the model"] = "the order of the tables",
        ["what was taken out of an entry must be named by a later one"] =
            "a comparison; what it finds is audit_log_broken",
        ["an erased person is suppressed by a keyed hash"] = "a row of the suppression list",
        ["events that stand in no story are emptied with the person they name"] = "the event's note",
        ["a request is found by its key's hash when the key named an erased person"] =
            "it counts as request_replayed, like any other",
        ["nobody in doubt is erased"] = "an answer to the person who asked",
        ["frozen bytes"] = "a column that is read instead of rendering",
        ["one key per generation"] = "how a key is written",
        ["own fields are frozen with the recipient"] = "a column that is read instead of the contact",
        ["refusals in a row touch only what stands refused"] = "a condition of a query",
        ["whom the provider suppresses since the backup is not mailed"] =
            "rows of the suppression list, which say where they come from",
        ["a log is looked through from before its first number on"] = "shows as audit_log_broken",
        ["a log that only an anchor names is looked for"] = "shows as audit_log_broken",
        ["the portal seals what it writes and nothing that it finds"] = "shows as audit_log_broken",
        ["session and on whose behalf are in the salted hash"] = "shows as audit_log_broken",
        ["what was denied is written after the rollback, in a transaction of its own"] = "the entry itself",
        ["what may be repeated is counted"] = "the entry says how often",
        ["a closed log gets no names any more"] = "there is nothing to be seen of it",
        ["the end of a log is anchored outside the database"] = "a comparison; what it finds is audit_log_broken",
        ["the database refuses to change or delete an entry"] = "the database refuses",
        ["an import that was ended takes nobody in"] = "a status that is asked for; the import says why",
        ["an instance says each minute that the files of its imports are there"] = "said each minute",
        ["the stamp is read of a database that is held as a copy, too"] = "a condition of installation_held",
        ["backup and restore are refused on PostgreSQL"] = "an answer on the console, with its exit code",
        ["sending is begun again after the database was in trouble"] = "a line in the log each time",
        ["one fault, whomever its words name"] = "how messages are compared",
        ["one call at a time while a fault is searched"] = "workers wait, many times a second",
        ["an acceptance does not end a pause"] = "a line that is not there",
        ["who returns to Pending has a live chunk"] = "how a generation ends, always",
        ["a campaign is not done while people come into it from its lineage"] = "a wait in the database",
        ["an account stops only a campaign whose current run goes through it"] = "a condition; the chunk waits",
        ["of a call nobody can be rendered: the campaign stops"] = "it stops with a reason of its own",
        ["an own key outlives the intents that were being written when its account was left"] = "a job that waits",
        ["a resume begins the patience of its own campaign anew, and of no other"] = "how patience is counted",
        ["a launch comes wholly before an old database is noticed, or not at all"] = "a wait in the database",
        ["recipients of left-out campaigns, by address"] = "a value of the freeze; the ledger has the reason",
        ["recipients of left-out campaigns, by contact"] = "a value of the freeze; the ledger has the reason",
        ["no launch while a left-out campaign's audience is taken"] = "a sentence to whoever launches",
        ["a scheduled campaign is started by one"] = "who comes second finds it started",
        ["what was missed asks"] = "a line in the audit log, and a reason on its page",
        ["what does not hold when it is due asks"] = "a line in the audit log, and a reason on its page",
        ["nothing is started while sending is held"] = "a condition of a query",
        ["nothing is started while the clock is ahead"] = "asked at every look",
        ["a source waits for its draft"] = "asked at every look whether the campaign is done",
        ["reports merge by rank and weight, not by arrival"] = "the SET of an UPDATE",
        ["of two suppressions for one reason the earlier stands"] = "nothing is refused, one row stands",
        ["an event stands once in a story, by an id made of it"] = "a conflict that an INSERT passes over",
        ["account check where nothing is left to prove"] =
            "whoever fails it is counted by the account check of a proof",
        ["an event belongs to the tenant whose mail it proved to be about"] = "a filter of every query",
        ["the installation's secrets speak for its former accounts too"] = "every event of a former account",
        ["a key belongs to what is asked for, however it is spelt"] =
            "one spelling; a repeat counts as request_replayed",
        ["a secret that cannot be read signs nothing"] = "counted as unsigned",
        ["\"joined since\" looks through the lineage"] = "a condition of an INSERT..SELECT",
        ["proof of the old call after \"send again\""] = "part of doubt_proven",
        ["evidence of delivery"] = "a condition of a query",
        ["in step with the provider's windows"] = "how every call's instant is chosen",
        ["one bucket for all instances"] = "part of every claim",
        ["tenants in turn"] = "an order of claims",
        ["a transactional mail's key is made of tenant, path and key"] = "what every mail is called",
        ["a transactional mail's audience is its address"] = "a query that finds no contact",
        ["suppression at the request"] = "an answer to whoever asks",
        ["a transactional mail is no deleted contact's"] = "a condition of a rule",
        ["a turn for transactional mails"] = "an order of claims",
        ["the floor under the clock"] = "every look at the clock; that clocks differ is clocks_contradict",
        ["tenant filter"] = "in every query",
        ["read-only connections"] = "the database refuses",
        ["an intent holds its campaign"] = "a wait in the database",
        ["the look whether it is done is alone"] = "a wait in the database",
        ["claims pass over locked chunks"] = "the database passes over",
        ["the account's row is locked where it changes"] = "a wait in the database",
        ["commands of a tenant one after the other"] = "a wait in the database",
        ["forced row-level security under a role that owns nothing"] = "the database shows no row, or refuses",
    };

    [Fact]
    public void Mechanism_InTheCode_IsFiredSomewhere_AndHasOneRow()
    {
        var sources = SourceFiles
            .In("src", ".cs", ".razor")
            .Where(file => file.Path != "Core/Data/SafetyMechanism.cs")
            .SelectMany(file => Fired().Matches(file.Text).Select(match => match.Groups["name"].Value))
            .ToHashSet(StringComparer.Ordinal);
        var counters = Rows().Select(row => row.Counter).Where(counter => counter != "-").ToList();

        var mechanisms = Enum.GetValues<SafetyMechanism>();
        Assert.All(mechanisms, mechanism => Assert.Contains(mechanism.ToString(), sources));
        Assert.Equal(
            mechanisms.Select(SafetyLog.NameOf).Order(StringComparer.Ordinal),
            counters.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Row_WithoutACounter_IsOneOfTheNamed()
    {
        var without = Rows().Where(row => row.Counter == "-").Select(row => Name(row.Mechanism)).ToList();

        Assert.Equal(WithoutCounter.Keys.Order(StringComparer.Ordinal), without.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Row_NamesTests_AndEachIsThere()
    {
        var rows = Rows();
        Assert.True(rows.Count >= 50, "The register is not where it was.");
        Assert.All(
            rows,
            row =>
            {
                var tests = NamedTests.In(row.Tests);
                Assert.True(tests.Count > 0, $"No test trips this: {row.Mechanism}");
                NamedTests.AreThere(tests);
            }
        );
    }

    [Theory]
    [MemberData(nameof(CanBeNeeded))]
    public async Task Mechanism_ThatIsNeeded_CountsOnce(SafetyMechanism mechanism)
    {
        await using var rig = await SafetyRig.CreateAsync();
        var act = await SafetyWays.All[mechanism](rig);
        var safety = rig.Engine.Db.Safety;
        var before = safety.CountOf(mechanism);
        var started = rig.Engine.Db.Time.GetUtcNow();
        var heard = 0L;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, safety) && instrument.Name == "ledgerpost.safety.fired")
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>(
            (_, count, tags, _) =>
                heard += tags[0].Key == "mechanism" && SafetyLog.NameOf(mechanism).Equals(tags[0].Value) ? count : 0
        );
        listener.Start();

        await act();

        Assert.Equal((1, 1), (safety.CountOf(mechanism) - before, heard));
        // The step may itself wait for its turn, which moves the clock.
        var last = safety.Read().Single(count => count.Mechanism == mechanism).Last;
        Assert.InRange(last!.Value, started, rig.Engine.Db.Time.GetUtcNow());
    }

    public static TheoryData<SafetyMechanism> CanBeNeeded() =>
        [
            .. SafetyWays.All.Keys.Where(mechanism =>
                TestDatabase.Provider == DatabaseProvider.Sqlite || !SafetyWays.OnlySqlite.Contains(mechanism)
            ),
        ];

    [Fact]
    public async Task Campaign_WithAHealthyProvider_CountsNothing()
    {
        await using var rig = await SafetyRig.CreateAsync();
        await rig.Engine.Database.AddContactsAsync(rig.Engine.Tenant, 250);
        await rig.Engine.LaunchAsync();

        await rig.Engine.RunAsync();

        Assert.Equal(250, rig.Engine.Provider.Mailed.Count);
        Assert.All(rig.Engine.Db.Safety.Read(), count => Assert.Equal((0, null), (count.Count, count.Last)));
    }

    [PostgreSqlFact]
    public async Task Transaction_InAnothersWay_RunsAgain_AndCounts()
    {
        await using var database = await TestDatabase.CreateAsync();
        var runs = 0;

        await database.Db.WriteAsync(
            TenantScope.None,
            (_, _) =>
                ++runs == 1
                    ? throw new PostgresException("deadlock", "ERROR", "ERROR", PostgresErrorCodes.DeadlockDetected)
                    : Task.CompletedTask,
            CancellationToken.None
        );

        Assert.Equal((2, 1), (runs, database.Db.Safety.CountOf(SafetyMechanism.TransactionAgain)));
    }

    [Fact]
    public void ListenerThatThrows_DisturbsNobody()
    {
        using var safety = new SafetyLog(new ManualTime());
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, safety))
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => throw new InvalidOperationException());
        listener.Start();

        safety.Fired(SafetyMechanism.SettleStale, "a test");

        Assert.Equal((1, 1), (safety.CountOf(SafetyMechanism.SettleStale), safety.Unheard));
    }

    private static List<(string Mechanism, string Tests, string Counter)> Rows()
    {
        var text = SourceFiles.In("docs", "safety.md").Single().Text.Split('\n');
        return
        [
            .. text.SkipWhile(line => !line.StartsWith("| mechanism |", StringComparison.Ordinal))
                .Skip(2)
                .TakeWhile(line => line.StartsWith('|'))
                .Select(line => line.Trim().Trim('|').Split(" | "))
                .Select(cells =>
                    cells.Length == 6
                        ? (cells[0].Trim(), cells[3].Trim(), cells[4].Trim().Trim('`'))
                        : throw new InvalidOperationException($"Not a row of six columns: {cells[0]}")
                ),
        ];
    }

    /// <summary>Without the place in the code, which may change.</summary>
    private static string Name(string mechanism) => mechanism.Split(" (`")[0].Trim();

    [GeneratedRegex(@"SafetyMechanism\.(?<name>\w+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Fired();
}
