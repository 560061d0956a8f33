using Xunit.Abstractions;

namespace UnitTests.Model;

/// <summary>What people do with campaigns, in every interleaving with workers, deaths, lost answers and ending windows.</summary>
public sealed class SisterModelTests(ITestOutputHelper output)
{
    private static readonly LedgerRules Protocol = new();

    [Fact]
    public void PauseContinueCancelResumeAndEvents_AtAnyMoment_MailNobodyTwiceAndLeaveNobodyOut() =>
        output.Holds(new RunsModel(Protocol));

    [Fact]
    public void FollowUpsOfTwoPeople_BesideAResume_MailNobodyTwiceAndLeaveNobodyOut() =>
        output.Holds(new FollowUpModel(Protocol));

    [Fact]
    public void AccountReplaced_AtAnyMoment_MailsNobodyTwiceAndLeavesNobodyOut() =>
        output.Holds(new AccountModel(Protocol));

    [Fact]
    public void OwnAccountReplaced_AtAnyMoment_MailsNobodyTwiceAndLeavesNobodyOut() =>
        output.Holds(new OwnAccountModel(Protocol));

    [Theory]
    [InlineData(0b00)]
    [InlineData(0b01)]
    [InlineData(0b11)]
    public void Bisecting_OfTwo_ByTwoWorkers_RefusesOnlyWhoIsBad(int bad) =>
        output.Holds(new BisectModel(Protocol, people: 2, bad));

    [Theory]
    [InlineData(0b001)]
    [InlineData(0b010)]
    [InlineData(0b100)]
    [InlineData(0b110)]
    [InlineData(0b111)]
    public void Bisecting_OfThree_RefusesOnlyWhoIsBad(int bad) =>
        output.Holds(new BisectModel(Protocol, people: 3, bad));

    [Fact]
    public void HalvesThatShareAKey_LosePeople() =>
        output.Breaks(
            new BisectModel(Protocol with { HalvesHaveTheirOwnKeys = false }, people: 2, bad: 0b01),
            "LOST: unknown, because its key was used for other people",
            "Unknown"
        );

    [Fact]
    public void NewRunThatLeavesCleanChunksAlive_LeavesPeopleOut() =>
        output.Breaks(
            new RunsModel(Protocol with { NewRunAbandonsCleanChunks = false }),
            "LEFT OUT: from here nobody ever settles it",
            "row 1 Pending in chunk 1"
        );

    /// <summary>And where the new run plans its people all the same, they are in two live chunks.</summary>
    [Fact]
    public void NewRunThatLeavesCleanChunksAlive_AndAnIntentThatAsksForNothingElse_MailsTwice() =>
        output.Breaks(
            new RunsModel(TwoChunks with { IntentAsksForTheRun = false, IntentAsksForItsMembers = false }),
            "TWO MAILS",
            "2 mails to person 1"
        );

    /// <summary>Three things stand between people in two live chunks and two mails: each of them is enough.</summary>
    [Fact]
    public void PeopleInTwoLiveChunks_AreHeldByTheRunAndByTheMembersInTheIntent()
    {
        output.Holds(new RunsModel(TwoChunks with { IntentAsksForTheRun = false }, runs: 2));
        output.Holds(new RunsModel(TwoChunks with { IntentAsksForItsMembers = false }, runs: 2));
        output.Holds(
            new RunsModel(Protocol with { IntentAsksForTheRun = false, IntentAsksForItsMembers = false }, runs: 2)
        );
    }

    [Fact]
    public void TwoFollowUpsOfOneCampaign_MailTwice() =>
        output.Breaks(new FollowUpModel(Protocol with { OneFollowUp = false }), "TWO MAILS", "2 mails to person 1");

    [Fact]
    public void IntentThatIgnoresTheCampaignsState_MailsAfterThePause() =>
        output.Breaks(
            new RunsModel(Protocol with { IntentAsksForTheCampaign = false }),
            "MAILED out of a campaign that is not sending",
            "1 mail to person 1"
        );

    [Fact]
    public void RepeatThroughAnotherAccount_MailsTwice() =>
        output.Breaks(
            new AccountModel(Protocol with { RepeatAsksForTheAccount = false }),
            "TWO MAILS",
            "2 mails to person 1"
        );

    [Fact]
    public void CallWithTheKeyThatHoldsNow_AfterTheIntentNamedAnother_MailsTwice() =>
        output.Breaks(
            new OwnAccountModel(Protocol with { PostUsesTheIntentsKey = false }),
            "TWO MAILS",
            "2 mails to person 1"
        );

    [Fact]
    public void FirstCallThatDoesNotAskForTheCurrentAccount_BeginsAtTheOneThatWasLeft() =>
        output.Breaks(
            new OwnAccountModel(Protocol with { FirstAsksForTheCurrentAccount = false }),
            "BEGUN at an account that was left",
            "1 mail to person 1"
        );

    [Fact]
    public void CancelThatExcludesWhoIsInDoubt_SaysExcludedOfSomebodyWhoIsMailed() =>
        output.Breaks(
            new RunsModel(Protocol with { CancelLeavesDoubtAlone = false }),
            "EXCLUDED, and the mail is out",
            "1 mail to person 1"
        );

    [Fact]
    public void SettleThatIsNotFenced_SaysPendingOfSomebodyWhoIsMailed() =>
        output.Breaks(
            new RunsModel(Protocol with { SettleIsFenced = false }),
            "PENDING, and the mail is out",
            "1 mail to person 1"
        );

    /// <summary>A new run plans everybody who waits, also those who are in a chunk that still lives.</summary>
    private static LedgerRules TwoChunks =>
        Protocol with
        {
            NewRunAbandonsCleanChunks = false,
            PlannerTakesWhoIsFree = false,
        };
}
