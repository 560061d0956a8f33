using Xunit.Abstractions;

namespace UnitTests.Model;

/// <summary>
/// Each rule that somebody might find unnecessary, taken out alone: the model finds how a person gets two mails, or none.
/// The trace stands in the test's output, a line per step.
/// </summary>
public sealed class RelaxationTests(ITestOutputHelper output)
{
    [Fact]
    public void GuardOnlyAtTheClaim_MailsTwice() => MailsTwice(new SendRules { IntentAsksForTheWindow = false });

    [Fact]
    public void NoIntentBeforeThePost_MailsTwice() => MailsTwice(new SendRules { IntentBeforePost = false });

    [Fact]
    public void KeyPerAttempt_MailsTwice() => MailsTwice(new SendRules { StableKey = false });

    [Fact]
    public void NoWindowGuard_MailsTwice() => MailsTwice(new SendRules { WindowGuard = false });

    [Fact]
    public void WindowFromTheLastAttempt_MailsTwice() =>
        MailsTwice(new SendRules { WindowFromTheFirstAttempt = false });

    [Fact]
    public void SettleNotFenced_MailsTwice() => MailsTwice(new SendRules { SettleIsFenced = false });

    [Fact]
    public void AnswerOnARepeatTakenAsRefusal_MailsTwice() =>
        MailsTwice(new SendRules { RefusalOfARepeatProvesNothing = false });

    [Fact]
    public void ServerErrorTakenAsRefusal_MailsTwice() =>
        MailsTwice(new SendRules { UnavailableProvesNothing = false });

    [Fact]
    public void UnboundedPauseBetweenIntentAndPost_MailsTwice() =>
        MailsTwice(new SendRules { LastCheckAtTheSocket = false });

    [Fact]
    public void MarginZero_MailsTwice() => MailsTwice(new SendRules { Margin = 0 });

    [Fact]
    public void MarginSmallerThanDelayPlusPause_MailsTwice() => MailsTwice(new SendRules { Margin = 1 });

    [Fact]
    public void UnknownSentAgainByTheMachine_MailsTwice() =>
        MailsTwice(new SendRules { UnknownIsNotSentAgain = false });

    [Fact]
    public void RenderedAgainWithMismatchMeaningNewKey_MailsTwice() =>
        MailsTwice(new SendRules { FrozenBytes = false, MismatchMeansUsed = false });

    private void MailsTwice(SendRules rules) =>
        output.Breaks(new SendModel(rules, strict: false), "TWO MAILS", "2 mails out");
}
