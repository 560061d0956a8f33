using Ledgerpost.Data;

namespace UnitTests.Simulation;

/// <summary>What came of a seed.</summary>
internal sealed record SimReport(
    int Seed,
    SimPlan Plan,
    string? Violation,
    IReadOnlyList<string> Trace,
    long Steps,
    int Posts,
    IReadOnlyDictionary<SimDeed, int> Deeds,
    IReadOnlyDictionary<SafetyMechanism, long> Fired
);
