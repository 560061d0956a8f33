using Ledgerpost.Campaigns;

namespace Ledgerpost.Sending;

/// <summary>What became of a decision. A closed set.</summary>
public abstract record DecisionResult
{
    private DecisionResult() { }

    /// <param name="Status">Where the campaign stands now: what is sent again in a Partial one waits for its resume.</param>
    public sealed record Decided(int People, CampaignStatus Status) : DecisionResult;

    /// <summary>Somebody was first.</summary>
    public sealed record AlreadyDecided(UnknownDecision Decision, string By) : DecisionResult;

    /// <summary>Nothing is unknown in this call: it was proven meanwhile.</summary>
    public sealed record NotUnknown : DecisionResult;

    /// <summary>A campaign in this state sends to nobody any more.</summary>
    public sealed record CannotSendAgain(CampaignStatus Status) : DecisionResult;

    public sealed record NotFound : DecisionResult;
}
