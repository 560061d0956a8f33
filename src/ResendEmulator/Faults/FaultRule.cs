using System.Globalization;

namespace ResendEmulator.Faults;

/// <summary>What goes wrong.</summary>
public enum FaultKind
{
    /// <summary>The status, name and message of the rule, as the provider's JSON.</summary>
    Refuse,

    /// <summary>A proxy's HTML page with the rule's status.</summary>
    Html,

    /// <summary>Status 200 (or the rule's) and bytes that are no JSON.</summary>
    Garbage,

    /// <summary>307 to the rule's location.</summary>
    Redirect,

    /// <summary>The connection ends without an answer.</summary>
    Cut,

    /// <summary>Half of the answer, then the connection ends. Always after acceptance.</summary>
    HalfAnswer,

    /// <summary>No answer until the caller gives up.</summary>
    Hang,

    /// <summary>
    /// The rule's delay, then all as usual; what was only slow is accepted even if the caller has given up. After acceptance
    /// the delay counts from the call's arrival: the answer is held back until then. Healing ends the delay.
    /// </summary>
    Slow,

    /// <summary>Fewer ids than mails. Always after acceptance.</summary>
    ShortAnswer,
}

/// <summary>On which side of the acceptance it goes wrong.</summary>
public enum FaultPoint
{
    Before,
    After,
}

/// <summary>Which calls a rule counts and hits.</summary>
public enum FaultTarget
{
    Sends,
    Batch,
    Single,
    Everything,
}

/// <summary>"From the n-th such call on, for so many calls, this goes wrong."</summary>
public sealed record FaultRule
{
    public FaultKind Kind { get; init; }

    public FaultPoint Point { get; init; }

    public FaultTarget On { get; init; }

    /// <summary>The first call that is hit, counted from 1 since the rule was set.</summary>
    public int From { get; init; } = 1;

    /// <summary>How many calls are hit; <c>null</c> = from then on, all.</summary>
    public int? Times { get; init; }

    /// <summary>Only calls with a recipient that contains this text count.</summary>
    public string? Address { get; init; }

    /// <summary>Hits only this share of the calls in question, 0 to 1, chosen by <see cref="Seed"/>.</summary>
    public double? Share { get; init; }

    public int Seed { get; init; } = 1;

    public int? Status { get; init; }

    public string? Name { get; init; }

    public string? Message { get; init; }

    /// <summary>Seconds, as a header of the refusal.</summary>
    public int? RetryAfter { get; init; }

    public int DelayMilliseconds { get; init; } = 5000;

    /// <summary>Ids that a short answer lacks.</summary>
    public int MissingIds { get; init; } = 1;

    public string? Location { get; init; }

    /// <summary>The plain sentence a person set it by.</summary>
    public string? Label { get; init; }

    public bool IsAfter => Point == FaultPoint.After || Kind is FaultKind.ShortAnswer or FaultKind.HalfAnswer;

    public string Describe()
    {
        var status = Kind == FaultKind.Refuse ? " " + (Status ?? 503).ToString(CultureInfo.InvariantCulture) : "";
        return $"{Kind}{status} {(IsAfter ? "after" : "before")} acceptance";
    }
}
