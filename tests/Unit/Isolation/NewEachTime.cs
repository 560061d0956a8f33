using System.Text.RegularExpressions;

namespace UnitTests.Isolation;

/// <summary>What is made for each answer anew and so tells nobody anything.</summary>
internal static partial class NewEachTime
{
    public static string Blank(string text) =>
        Instants().Replace(Secrets().Replace(Ids().Replace(text, "ID"), "SECRET"), "INSTANT");

    [GeneratedRegex("[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Ids();

    [GeneratedRegex("[A-Za-z0-9_+/-]{32,}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Secrets();

    [GeneratedRegex("20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Instants();
}
