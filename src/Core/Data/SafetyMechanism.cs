namespace Ledgerpost.Data;

/// <summary>
/// Everything that stands between a fault and a second or a lost mail, and that can be seen at work. A closed list: each
/// has one row in docs/safety.md, with what it guards and the test that trips it, and its name is the counter's tag
/// (<see cref="SafetyLog.NameOf"/>). Names stay as they are: dashboards read them.
/// </summary>
public enum SafetyMechanism
{
    // The intent, rule 2: which of its conditions did not hold. A claim that is not the newest, or whatever held it back
    // has passed again meanwhile.
    IntentStale,
    IntentDoubt,
    IntentCampaignStopped,
    IntentOlderRun,
    IntentSenderLost,
    IntentOtherAccount,
    IntentAccountLeft,
    DomainMoved,
    IntentWindowOver,
    IntentHeld,
    IntentTenantDeleted,
    IntentClock,
    IntentAudienceChanged,
    IntentMembersChanged,
    IntentBytesChanged,
    IntentCommitInDoubt,

    // What came back, rules 4 to 7 and 11.
    TooLateToPost,
    BodyAskedForTwice,
    RedirectNotFollowed,
    AnswerProvesNothing,
    RefusalOnRepeat,
    KeyMismatch,
    StoppedAtOnce,
    PatienceOver,
    HeaderBounded,
    Bisected,
    RefusedForAll,
    SettleStale,
    SettleCommitInDoubt,

    // Preparation, rule 13.
    PrepareStale,
    RecheckExcluded,
    LineageExcluded,
    CannotBeRendered,

    // Doubt and proof, rules 8 and 10.
    DoubtExpired,
    AccountChanged,
    DoubtProven,
    ProofContradicts,
    ProofOfOtherAccount,
    ProofByAddress,
    ProofIsHistory,
    EventSetAside,
    EventWaitedOut,
    EventUnsigned,

    // People, of whom one wins.
    MoveLost,
    ResumeOldPreview,
    ResumeNotPartial,
    ResumeContinued,
    FollowUpLost,
    DecisionLost,
    LateTakenOver,
    CleanTakenBack,

    // Programs that ask again.
    RequestReplayed,
    RequestReused,
    TenantBusy,

    // Starts, clocks and the database.
    RecoveredAtStart,
    LaunchFinished,
    ClocksContradict,
    InstallationHeld,
    OldDatabaseDoubted,
    ForeignRowRefused,
    ForeignRowRead,
    UnitRolledBack,
    TransactionLost,
    CommitInDoubt,
    TransactionAgain,
    DatabaseUnsafe,
    AuditLogBroken,
}
