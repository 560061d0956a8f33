using System.Text.RegularExpressions;

namespace Ledgerpost.Sending;

/// <summary>
/// What a refusal says, without whom it says it about: "Invalid `to` field: a@x.example" and "Invalid `to` field: b@y.example"
/// are one fault, and a fault of everybody must be recognised although it names each (docs/sending.md, rule 5). Names of
/// fields stay, since another field is another fault.
/// </summary>
public static partial class RefusalWords
{
    private const string Anything = "*";

    /// <summary>True when both speak of the same fault, whoever they name.</summary>
    public static bool SameFault(string? one, string? other) =>
        one is null || other is null ? one == other : Without(one) == Without(other);

    // Quoted values first, since they may hold an address with spaces; what is left of a value are addresses, ids, numbers.
    private static string Without(string message) =>
        Numbers()
            .Replace(
                Ids().Replace(Addresses().Replace(Quoted().Replace(message, Anything), Anything), Anything),
                Anything
            );

    // A single quote is a quotation only where a word begins, so that "isn't" and "recipient's" do not open one.
    [GeneratedRegex(
        """
            "[^"]*"|“[^”]*”|(?<![\w])'[^']*'(?![\w])|<[^<>]*>|`[^`]*@[^`]*`
            """,
        RegexOptions.None,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Quoted();

    [GeneratedRegex("[^\\s,;:()\\[\\]`]*@[^\\s,;:()\\[\\]`]*", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Addresses();

    [GeneratedRegex(
        "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|(?<![0-9A-Za-z])(?=[A-Za-z]*[0-9])[0-9A-Za-z]{8,}(?![0-9A-Za-z])",
        RegexOptions.None,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Ids();

    [GeneratedRegex("[0-9]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Numbers();
}
