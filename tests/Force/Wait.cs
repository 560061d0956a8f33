using System.Diagnostics;

namespace Force;

internal static class Wait
{
    /// <summary>For one step; a machine that does other work besides is slow.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromMinutes(4);

    /// <param name="check">Throws when it has become pointless to wait.</param>
    /// <exception cref="TimeoutException">It did not come to be.</exception>
    public static async Task UntilAsync(string what, Func<Task<bool>> isSo, Action? check = null, TimeSpan? most = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await isSo())
        {
            check?.Invoke();
            if (watch.Elapsed > (most ?? Long))
            {
                throw new TimeoutException($"Waited in vain until {what}.");
            }

            await Task.Delay(50);
        }
    }
}
