namespace Ledgerpost.Data;

/// <summary>Foreign text as a database takes it.</summary>
public static class KeptText
{
    /// <summary>The beginning of a text, never with half of a surrogate pair at its end, which PostgreSQL does not keep.</summary>
    /// <param name="maxLength">In UTF-16 units.</param>
    public static string Cut(string text, int maxLength) =>
        text.Length <= maxLength ? text
        : char.IsHighSurrogate(text[maxLength - 1]) ? text[..(maxLength - 1)]
        : text[..maxLength];
}
