namespace UnitTests.Model;

/// <summary>
/// The rules of <see cref="SendModel"/>; each default is the protocol's, each other value a rule that somebody might find
/// good enough. Hours are the model's own: what counts is that the window less the margin ends before the provider forgets,
/// with the time from intent to POST and the time on the network added.
/// </summary>
internal sealed record SendRules
{
    /// <summary>How long the provider remembers a key.</summary>
    public int Window { get; init; } = 4;
    public int Margin { get; init; } = 2;

    /// <summary>How long a request may take to reach the provider and be taken.</summary>
    public int OnTheNetwork { get; init; } = 1;

    /// <summary>How long after its intent a request may still be written to the socket.</summary>
    public int IntentToPost { get; init; } = 1;
    public int Lease { get; init; } = 1;

    /// <summary>Requests at one time, those of dead workers and of calls given up included; at most three.</summary>
    public int InTheAir { get; init; } = 3;

    /// <summary>By how much somebody sets the engine's time back, once; 0 for never, as rule 16 has it.</summary>
    public int TimeSetBack { get; init; }

    public bool IntentBeforePost { get; init; } = true;
    public bool IntentAsksForTheWindow { get; init; } = true;
    public bool StableKey { get; init; } = true;
    public bool WindowGuard { get; init; } = true;
    public bool WindowFromTheFirstAttempt { get; init; } = true;
    public bool SettleIsFenced { get; init; } = true;
    public bool RefusalOfARepeatProvesNothing { get; init; } = true;
    public bool UnavailableProvesNothing { get; init; } = true;
    public bool LastCheckAtTheSocket { get; init; } = true;
    public bool UnknownIsNotSentAgain { get; init; } = true;
    public bool FrozenBytes { get; init; } = true;
    public bool MismatchMeansUsed { get; init; } = true;
}
