namespace ResendEmulator.Faults;

/// <summary>A fair number that depends on seed and position alone, so a restart changes nothing.</summary>
public static class Chance
{
    /// <summary>At least 0 and below 1.</summary>
    public static double Of(int seed, long position)
    {
        unchecked
        {
            var mixed = ((ulong)seed * 0x9E3779B97F4A7C15UL) + (ulong)position;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9UL;
            mixed += 0x9E3779B97F4A7C15UL;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL;
            mixed ^= mixed >> 31;
            return (mixed >> 11) * (1.0 / (1UL << 53));
        }
    }
}
