namespace Ledgerpost.Senders;

/// <summary>What became of adding, checking or removing a sending domain.</summary>
public abstract record DomainOutcome
{
    private DomainOutcome() { }

    /// <summary>The provider knows it; <paramref name="Status"/> is the newest that it said.</summary>
    public sealed record Known(Guid DomainId, DomainStatus Status) : DomainOutcome;

    /// <summary>It is kept here, but the provider did not answer; check again later.</summary>
    public sealed record Waiting(Guid DomainId) : DomainOutcome;

    /// <summary>Nothing was kept or changed. The reason is a sentence or two.</summary>
    public sealed record Refused(string Reason) : DomainOutcome;

    /// <param name="AtProviderToo">False: the provider did not confirm, and may still have it.</param>
    public sealed record Removed(bool AtProviderToo) : DomainOutcome;

    /// <param name="Campaigns">Names of unfinished campaigns that go out from it, five at most.</param>
    public sealed record InUse(IReadOnlyList<string> Campaigns) : DomainOutcome;

    public sealed record NotFound : DomainOutcome;
}
