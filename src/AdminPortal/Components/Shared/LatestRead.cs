namespace AdminPortal.Components.Shared;

/// <summary>Of what a page reads again and again, the last: a slower answer to an older question must not overwrite the newer one.</summary>
public sealed class LatestRead
{
    private int _begun;

    /// <returns>Whether no other was begun since; asked when the answer is there.</returns>
    public Func<bool> Begin()
    {
        var mine = ++_begun;
        return () => mine == _begun;
    }
}
