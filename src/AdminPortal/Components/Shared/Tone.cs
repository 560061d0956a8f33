namespace AdminPortal.Components.Shared;

/// <summary>How an outcome is coloured. A colour never stands alone: a word says the same.</summary>
public enum Tone
{
    /// <summary>A state without a verdict: draft, pending, excluded.</summary>
    Neutral,

    /// <summary>Work that goes on.</summary>
    Accent,
    Good,
    Warn,
    Bad,
}
