using Ledgerpost.Campaigns;

namespace Ledgerpost.Sending;

/// <summary>
/// The rules on which "nobody twice, nobody left out" rests, as functions of facts and of nothing else (docs/sending.md,
/// rules 2 to 8). The engine and the model that explores every interleaving (tests/Unit/Model) ask the same functions; where
/// the engine has to ask in SQL, a test compares its statement with them over every combination of facts.
/// </summary>
public static class Protocol
{
    /// <summary>Rule 4: what an answer proves, given whether anything of this generation was in doubt before its attempt.</summary>
    public static Proof Proves(Outcome outcome, bool cleanHistory) =>
        outcome switch
        {
            Outcome.Accepted => Proof.Accepted,
            Outcome.Refusal when cleanHistory => Proof.NotAccepted,
            Outcome.KeyMismatch => Proof.KeyUsed,
            _ => Proof.Nothing,
        };

    /// <summary>
    /// Rule 2: how long after the first attempt of a generation its last repeat may start. A first attempt that lies in the
    /// future was written by a clock that is not believed.
    /// </summary>
    public static bool MayRepeatAfter(TimeSpan sinceFirstAttempt, TimeSpan keyWindow, TimeSpan margin) =>
        sinceFirstAttempt >= TimeSpan.Zero && sinceFirstAttempt < keyWindow - margin;

    /// <summary>Rule 2: every condition under which a request may go out, the first as well as a repeat.</summary>
    public static bool MayGoOut(in IntentFacts facts) =>
        IsMine(facts.State, facts.EpochIsMine)
        && !facts.InstallationIsHeld
        && facts.GenerationIsMine
        && facts.AccountIsCurrent
        && facts.SenderIsVerified
        && (facts.InDoubt ? MayRepeat(facts) : MayGoOutFirst(facts));

    private static bool MayGoOutFirst(in IntentFacts facts) =>
        facts.Campaign == CampaignStatus.Sending && facts.RunIsCurrent && facts.RunUsesAccount;

    // Also of an older run: it is the same request, and whoever is in doubt is in no other chunk.
    private static bool MayRepeat(in IntentFacts facts) =>
        facts.Campaign is CampaignStatus.Sending or CampaignStatus.Partial
        && facts.WindowIsOpen
        && facts.WentThroughAccount
        && facts.WentToBaseUrl;

    /// <summary>Rules 2 and 7: the fence of all that a worker does with a chunk.</summary>
    public static bool IsMine(ChunkState state, bool epochIsMine) => state == ChunkState.Leased && epochIsMine;

    /// <summary>Rule 8: what becomes Unknown. A call in flight still has its answer to give.</summary>
    public static bool IsOver(ChunkState state, bool inDoubt, bool leaseIsOver, bool windowIsOpen, bool sameAccount) =>
        inDoubt
        && (!windowIsOpen || !sameAccount)
        && (state == ChunkState.Planned || (state == ChunkState.Leased && leaseIsOver));

    /// <summary>A new run and a cancel take back every unfinished chunk of which nothing is in doubt.</summary>
    public static bool IsTakenBack(ChunkState state, bool inDoubt) =>
        state is ChunkState.Planned or ChunkState.Leased && !inDoubt;
}

/// <summary>What an answer proves about the mails of its request.</summary>
public enum Proof
{
    /// <summary>Nothing: the chunk stays in doubt, and the same bytes go out again under the same key.</summary>
    Nothing,

    /// <summary>All of them are with the provider.</summary>
    Accepted,

    /// <summary>None of them is, and none will be under this key: the generation is over.</summary>
    NotAccepted,

    /// <summary>The key stands for other bytes; whether those went out nobody knows.</summary>
    KeyUsed,
}

/// <summary>What an intent asks of the database. The last three count only for a repeat, the run's only for a first attempt.</summary>
public readonly record struct IntentFacts(
    ChunkState State,
    bool EpochIsMine,
    bool GenerationIsMine,
    bool InDoubt,
    bool InstallationIsHeld,
    CampaignStatus Campaign,
    bool RunIsCurrent,
    bool RunUsesAccount,
    bool AccountIsCurrent,
    bool SenderIsVerified,
    bool WindowIsOpen,
    bool WentThroughAccount,
    bool WentToBaseUrl
);
