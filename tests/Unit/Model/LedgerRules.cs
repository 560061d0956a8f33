namespace UnitTests.Model;

/// <summary>The rules of the sister models; each default is the protocol's.</summary>
internal sealed record LedgerRules
{
    public bool HalvesHaveTheirOwnKeys { get; init; } = true;
    public bool NewRunAbandonsCleanChunks { get; init; } = true;

    /// <summary>A new run plans only those who are in no chunk.</summary>
    public bool PlannerTakesWhoIsFree { get; init; } = true;
    public bool IntentAsksForTheCampaign { get; init; } = true;
    public bool IntentAsksForTheRun { get; init; } = true;
    public bool IntentAsksForItsMembers { get; init; } = true;
    public bool OneFollowUp { get; init; } = true;
    public bool RepeatAsksForTheAccount { get; init; } = true;

    /// <summary>A call is made with the key of the account that its intent names.</summary>
    public bool PostUsesTheIntentsKey { get; init; } = true;

    /// <summary>Nothing begins at an account that was left.</summary>
    public bool FirstAsksForTheCurrentAccount { get; init; } = true;
    public bool SettleIsFenced { get; init; } = true;
    public bool CancelLeavesDoubtAlone { get; init; } = true;
}
