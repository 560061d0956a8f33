using System.Text.RegularExpressions;

namespace UnitTests.Architecture;

/// <summary>Core reads in the order in which an e-mail flows: a feature knows only those before it (docs/architecture.md).</summary>
public sealed partial class FeatureOrderTests
{
    /// <summary>Who is who and who may what; they need each other, and everything needs them.</summary>
    private static readonly string[] Ground = ["Data", "Tenancy", "Identity", "Audit", "Programs"];

    private static readonly string[] Order =
    [
        "Outbox",
        "Contacts",
        "Suppression",
        "Segments",
        "Senders",
        "Campaigns",
        "Templates",
        "Recipients",
        "Unsubscribe",
        "LiveUpdates",
        "Sending",
        "Webhooks",
        "OutgoingEvents",
        "Deletion",
    ];

    [Fact]
    public void EveryFeature_HasItsPlaceInTheOrder() =>
        Assert.Equal(
            Ground.Concat(Order).Order(StringComparer.Ordinal),
            SourceFiles
                .In("src/Core")
                .Select(file => file.Path.Split('/'))
                .Where(parts => parts.Length > 1)
                .Select(parts => parts[0])
                .Distinct()
                .Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Feature_ReferencesOnlyWhatIsBeforeIt()
    {
        var wrong = References()
            .Where(pair => Order.Contains(pair.From) && Order.Contains(pair.To))
            .Where(pair => Array.IndexOf(Order, pair.To) > Array.IndexOf(Order, pair.From))
            .Select(pair => $"{pair.Path} -> {pair.To}");

        Assert.Empty(wrong);
    }

    [Fact]
    public void Ground_ReferencesNoFeature_ButForTheAddressesOfPeople()
    {
        // Data holds the context with every table. People have e-mail addresses, which are read like contacts'.
        var wrong = References()
            .Where(pair => Ground.Contains(pair.From) && pair.From != "Data" && Order.Contains(pair.To))
            .Where(pair => pair.To != "Contacts")
            .Select(pair => $"{pair.Path} -> {pair.To}");

        Assert.Empty(wrong);
    }

    [Fact]
    public void Core_KnowsNeitherThePortalNorTheEmulator() =>
        Assert.Empty(SourceFiles.In("src/Core").Where(file => Outside().IsMatch(file.Text)).Select(file => file.Path));

    private static IEnumerable<(string Path, string From, string To)> References() =>
        SourceFiles
            .In("src/Core")
            .Where(file =>
                !file.Path.StartsWith("Data/Migrations", StringComparison.Ordinal) && file.Path.Contains('/')
            )
            .SelectMany(file =>
                Reference()
                    .Matches(file.Text)
                    .Select(match => match.Groups["to"].Value)
                    .Distinct()
                    .Select(to => (file.Path, From: file.Path.Split('/')[0], To: to))
            )
            .Where(pair => pair.From != pair.To);

    // "using Ledgerpost.X", "Ledgerpost.X.Y", and "X.Y" from within Ledgerpost, which needs no using.
    [GeneratedRegex(
        @"Ledgerpost\.(?<to>[A-Z]\w+)|(?<![\w.])(?<to>Outbox|Contacts|Suppression|Segments|Senders|Campaigns|Templates|Recipients|Unsubscribe|LiveUpdates|Sending|Webhooks|OutgoingEvents)\.(?=[A-Z]\w+[\s(<.])(?!Where|Any|Single|First|Add|Select|Count|Local|Remove|Include|AsNoTracking|Max|OrderBy|GroupBy|Execute|Join|Concat|Order|Zip|All|To[A-Z]|Sum|Min)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex Reference();

    [GeneratedRegex(
        @"\b(AdminPortal|ResendEmulator)\.",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex Outside();
}
