using Ledgerpost.Campaigns;

namespace Ledgerpost.Sending;

/// <summary>What became of a launch. A closed set.</summary>
public abstract record LaunchResult
{
    private LaunchResult() { }

    public sealed record Launched(int Recipients, int WillSend) : LaunchResult;

    /// <summary>Each problem is a sentence; nothing has changed.</summary>
    public sealed record NotLaunchable(IReadOnlyList<string> Problems) : LaunchResult;

    /// <summary>Somebody was first; the campaign stands at <paramref name="Status"/>.</summary>
    public sealed record AlreadyLaunched(CampaignStatus Status) : LaunchResult;

    /// <summary>The draft was changed after it was shown to whoever pressed.</summary>
    public sealed record Changed(int Version) : LaunchResult;

    /// <summary>More would be mailed than whoever pressed was told; nothing has changed.</summary>
    public sealed record Grown(int WillSend) : LaunchResult;

    public sealed record NotFound : LaunchResult;
}
