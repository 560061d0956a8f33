using System.Text.RegularExpressions;
using AdminPortal.Features.Audit;
using Ledgerpost.Audit;
using Ledgerpost.Tenancy;
using UnitTests.Support;

namespace UnitTests.Audit;

public sealed partial class AuditWordsTests
{
    [Fact]
    public void EveryActionThatIsWritten_HasASentence()
    {
        var source = Path.GetDirectoryName(RealHost.ContentRoot())!;
        var written = new[] { "Core", "AdminPortal" }
            .SelectMany(project =>
                Directory.GetFiles(Path.Combine(source, project), "*.cs", SearchOption.AllDirectories)
            )
            .Where(file =>
                !file.Contains("/obj/", StringComparison.Ordinal)
                && !file.EndsWith("AuditSentences.cs", StringComparison.Ordinal)
            )
            .Select(File.ReadAllText)
            .Where(text =>
                text.Contains("Audit(", StringComparison.Ordinal)
                || text.Contains("AuditLog.", StringComparison.Ordinal)
                || text.Contains("AuditAsync(", StringComparison.Ordinal)
            )
            .SelectMany(text => ActionCode().Matches(text))
            .Select(match => match.Groups["code"].Value)
            // The provider's words for what happened to a mail are no actions; nor are names of files and hosts.
            .Where(code => !code.StartsWith("email.", StringComparison.Ordinal))
            .Where(code =>
                code.Split('.')[1]
                    is not ("csv" or "json" or "lock" or "stamp" or "key" or "com" or "example" or "test")
            )
            .Distinct(StringComparer.Ordinal)
            .ToList();

        Assert.Contains("member.role_changed", written);
        Assert.Contains("tenant.created", written);
        Assert.DoesNotContain(written, code => !AuditSentences.Knows(code));
    }

    [Fact]
    public void UnknownAction_ReadsAsItsCode()
    {
        var phrase = AuditSentences.Phrase(Entry("moon.landed"));

        Assert.Equal("did \u201cmoon.landed\u201d to", phrase.Before);
    }

    [Fact]
    public void KnownAction_ReadsAsASentence()
    {
        Assert.Equal(new AuditPhrase("launched the campaign", ""), AuditSentences.Phrase(Entry("campaign.launched")));
        Assert.Equal(new AuditPhrase("put the tag", " on contacts"), AuditSentences.Phrase(Entry("contacts.tagged")));
        Assert.Equal("Campaign: launched", AuditSentences.Label("campaign.launched"));
    }

    [Fact]
    public void BeforeAndAfter_ShowOnlyWhatDiffers()
    {
        var lines = AuditDifference.Lines(
            """{"before":{"name":"A","tags":["x"],"zone":"UTC"},"after":{"name":"B","tags":["x","y"],"zone":"UTC","added":true}}"""
        );

        Assert.Equal(
            [
                new DifferenceLine("name", "A", "B"),
                new DifferenceLine("tags", "x", "x, y"),
                new DifferenceLine("added", "", "yes"),
            ],
            lines
        );
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData("""{"planned":3,"copy_of":null}""", "planned=3;copy of=")]
    [InlineData("""{"where":{"q":"x","n":1}}""", "where=q: x, n: 1")]
    [InlineData("not json", "details=not json")]
    [InlineData("[1,2]", "details=1, 2")]
    public void Facts_AreShownByName(string? details, string shown) =>
        Assert.Equal(shown, string.Join(';', AuditDifference.Lines(details).Select(line => $"{line.Name}={line.Is}")));

    [Fact]
    public void Days_AreTheTenantsDays()
    {
        var address = new AuditAddress("demo", null, null, null, "2026-03-29", "2026-03-29", null);

        var filter = address.Filter(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));

        Assert.Equal(new DateTimeOffset(2026, 3, 28, 23, 0, 0, TimeSpan.Zero), filter.From);
        // Summer time began on that day: it had 23 hours.
        Assert.Equal(new DateTimeOffset(2026, 3, 29, 22, 0, 0, TimeSpan.Zero), filter.Until);
    }

    [Fact]
    public void UnreadableDay_NarrowsNothing()
    {
        var filter = new AuditAddress("demo", null, " ", null, "yesterday", "9999-12-31", null).Filter(
            TimeZoneInfo.Utc
        );

        Assert.Null(filter.From);
        Assert.Null(filter.Action);
        Assert.NotNull(filter.Until);
    }

    [Fact]
    public void Chip_LeadsToTheListWithoutIt_FromItsBeginning()
    {
        var address = new AuditAddress("demo", "system", "campaign", "Spring", null, null, 40);

        var chips = address.Chips(_ => "Ledgerpost");

        Assert.Equal(["By Ledgerpost", "Campaign", "About \u201cSpring\u201d"], chips.Select(chip => chip.Label));
        Assert.Equal("/t/demo/audit?action=campaign&target=Spring", chips[0].Without);
    }

    private static AuditEntry Entry(string action) =>
        new()
        {
            TenantId = Guid.Empty,
            Sequence = 1,
            At = DateTimeOffset.UnixEpoch,
            ActorKind = ActorKind.System,
            ActorName = "Ledgerpost",
            Action = action,
            TargetKind = "campaign",
            TargetId = "1",
            TargetName = "Spring",
        };

    [GeneratedRegex("\"(?<code>[a-z][a-z_]*\\.[a-z][a-z_]*)\"", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex ActionCode();
}
