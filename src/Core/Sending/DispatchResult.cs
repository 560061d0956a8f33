namespace Ledgerpost.Sending;

/// <summary>What one turn of the dispatcher did.</summary>
public enum DispatchResult
{
    /// <summary>No chunk was due.</summary>
    Idle,

    /// <summary>A call was made and its answer is written down.</summary>
    Sent,

    /// <summary>A chunk was claimed and nothing was sent: closed, stopped, or not mine any more.</summary>
    Nothing,
}
