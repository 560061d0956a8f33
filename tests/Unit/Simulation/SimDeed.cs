namespace UnitTests.Simulation;

/// <summary>What a world can do. A deed that no seed of a long run does is one that the simulation only claims to know.</summary>
internal enum SimDeed
{
    Launched,
    Crashed,
    Stalled,
    WorkerAsleep,
    StorageFailed,
    ProviderAway,
    ClockMoved,
    Paused,
    Continued,
    Cancelled,
    Resumed,
    ResumedWithWhoJoined,
    FollowedUp,
    FollowUpLaunched,
    SentAgain,
    TreatedAsSent,
    Unsubscribed,
    Deleted,
    AddedAgain,
    LaunchedEdited,
    DomainLost,
    KeyReplaced,
    AccountChanged,
    Reconciled,
    Restored,
    Released,
    EmailPosted,
    EmailPostedAgain,
}
