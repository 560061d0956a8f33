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
        var written = Auditing()
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

    /// <summary>What changes something that was there before tells what it was, and what it became.</summary>
    [Fact]
    public void EveryActionThatChanges_TellsBeforeAndAfter()
    {
        var changes = AuditSentences
            .Actions.Where(action => Changing().IsMatch(action))
            .ToDictionary(
                action => action,
                action =>
                    Auditing()
                        .SelectMany(text => text.Split($"\"{action}\"").Skip(1))
                        .Select(rest => rest[..rest.IndexOf(';', StringComparison.Ordinal)])
                        .ToList(),
                StringComparer.Ordinal
            );

        Assert.Contains("contact.changed", changes.Keys);
        Assert.True(changes.Count >= 12, $"Only {changes.Count} actions change something.");
        Assert.All(
            // A password is not told.
            changes.Where(pair => pair.Key != "account.password_changed"),
            pair =>
            {
                Assert.True(pair.Value.Count > 0, $"{pair.Key} is written nowhere.");
                Assert.All(pair.Value, call => Assert.Matches(Difference(), call));
            }
        );
    }

    [Fact]
    public void LongTexts_ShowWhereTheyBeginToDiffer()
    {
        var (before, after) = (new string('a', 2000) + "old" + new string('b', 900), new string('a', 2000) + "new");

        var line = Assert.Single(
            AuditDifference.Lines(
                System.Text.Json.JsonSerializer.Serialize(
                    FieldDifference.Of([new("html", before, after), new("subject", "Hi", "Hi")])
                )
            )
        );

        Assert.Equal("html", line.Name);
        Assert.StartsWith("…" + new string('a', 40) + "old" + "bbb", line.Was, StringComparison.Ordinal);
        Assert.EndsWith("… (2,903 characters)", line.Was, StringComparison.Ordinal);
        Assert.Equal("…" + new string('a', 40) + "new (2,003 characters)", line.Is);
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

    /// <summary>The sources that write entries.</summary>
    private static List<string> Auditing()
    {
        var source = Path.GetDirectoryName(RealHost.ContentRoot())!;
        return
        [
            .. new[] { "Core", "AdminPortal" }
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
                    || text.Contains("Happening", StringComparison.Ordinal)
                ),
        ];
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

    [GeneratedRegex(@"[._](changed|edited|renamed|scheduled|rescheduled)$", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Changing();

    [GeneratedRegex(@"\bbefore\b|Difference|\bchanged\b", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Difference();

    [GeneratedRegex("\"(?<code>[a-z][a-z_]*\\.[a-z][a-z_]*)\"", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex ActionCode();
}
