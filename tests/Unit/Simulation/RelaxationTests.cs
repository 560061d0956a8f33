using Ledgerpost.Data;
using UnitTests.Support;
using Xunit.Abstractions;

namespace UnitTests.Simulation;

/// <summary>
/// A proof that cannot fail proves nothing: with one rule taken out the simulation finds somebody mailed twice, or left in
/// limbo, within a few seeds.
/// </summary>
public sealed class RelaxationTests(ITestOutputHelper output)
{
    private const int Enough = 300;

    [Theory]
    [InlineData(nameof(KeyPerAttempt), "TWICE")]
    [InlineData(nameof(NoWindow), "TWICE")]
    // Where nobody sent again yet: pending, and the mail is out.
    [InlineData(nameof(ServerErrorIsARefusal), "TWICE|OPEN")]
    [InlineData(nameof(UnknownIsSentAgain), "TWICE|OPEN")]
    [InlineData(nameof(RefusalOfARepeatIsBelieved), "TWICE|OPEN")]
    [InlineData(nameof(OldChunksLiveOn), "LIMBO")]
    // Two mails, or somebody who has one and is open, or a chunk that its true owner cannot close any more.
    [InlineData(nameof(SettleNotFenced), "TWICE|OPEN|LIMBO")]
    // One seed in some hundred shows it: the search begins before one of them.
    [InlineData(nameof(SettleNotFencedAmongInstances), "TWICE|OPEN|LIMBO", 600)]
    [InlineData(nameof(IntentDoesNotLookAtTheAudience), "LEFT")]
    [InlineData(nameof(RepeatAtTheCurrentAccount), "TWICE|ELSEWHERE")]
    [InlineData(nameof(FirstCallWithTheOtherKey), "TWICE|ELSEWHERE")]
    public void RuleTakenOut_IsFound(string rule, string kinds, int from = 0) => Find(rule, kinds, from);

    /// <summary>With one instance of one worker nobody is overtaken: what several find is theirs to find.</summary>
    [SqliteFact]
    public void SettleNotFenced_OfTheOnlyWorker_IsNotFound()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            Assert.Null(SimWorld.Run(seed, new SettleNotFencedAmongInstances(instances: 1)).Violation);
        }
    }

    private void Find(string rule, string kinds, int from)
    {
        // The simulation is about the file; the rules are the same on both databases.
        if (TestDatabase.Provider != DatabaseProvider.Sqlite)
        {
            return;
        }

        for (var seed = from; seed < from + Enough; seed++)
        {
            var report = SimWorld.Run(seed, Make(rule));
            if (report.Violation?.Split(':')[0] is { } kind && kinds.Split('|').Contains(kind))
            {
                output.WriteLine($"{rule} is found by seed {seed}: {report.Violation}");
                output.WriteLine(string.Join('\n', report.Trace.TakeLast(40)));
                return;
            }

            // None of its POSTs has the key of its intent, or two have the number of one attempt, since an older settle put the
            // chunk's number back; what is looked for is what that does to people.
            if (
                rule is nameof(KeyPerAttempt) or nameof(SettleNotFenced) or nameof(SettleNotFencedAmongInstances)
                && report.Violation?.Contains(" POSTs under ") == true
            )
            {
                continue;
            }

            Assert.True(
                report.Violation is null,
                $"Seed {seed} found something else: {report.Violation}\n{string.Join('\n', report.Trace.TakeLast(200))}"
            );
        }

        Assert.Fail($"{Enough} seeds did not miss the rule: {rule}.");
    }

    private static Relaxation Make(string rule) =>
        rule switch
        {
            nameof(KeyPerAttempt) => new KeyPerAttempt(),
            nameof(ServerErrorIsARefusal) => new ServerErrorIsARefusal(),
            nameof(NoWindow) => new NoWindow(),
            nameof(UnknownIsSentAgain) => new UnknownIsSentAgain(),
            nameof(RefusalOfARepeatIsBelieved) => new RefusalOfARepeatIsBelieved(),
            nameof(OldChunksLiveOn) => new OldChunksLiveOn(),
            nameof(SettleNotFenced) => new SettleNotFenced(),
            nameof(SettleNotFencedAmongInstances) => new SettleNotFencedAmongInstances(instances: 2),
            nameof(IntentDoesNotLookAtTheAudience) => new IntentDoesNotLookAtTheAudience(),
            nameof(RepeatAtTheCurrentAccount) => new RepeatAtTheCurrentAccount(),
            nameof(FirstCallWithTheOtherKey) => new FirstCallWithTheOtherKey(),
            _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, null),
        };
}
