using Ledgerpost.Campaigns;

namespace UnitTests.Campaigns;

public sealed class OwnFieldsInMailsTests
{
    private const string Link = "https://portal.test/u/abc-123";
    private const string WithLink = "<a href=\"{{unsubscribe_url}}\">Leave</a>";

    [Fact]
    public void Render_OwnFields_AreFilled_AndEmptyForWhoeverHasNone()
    {
        var template = MailTemplate.Compile(
            "{{fallback fields.town \"Everywhere\"}} {{fields.line_2}}",
            $"{{{{#if fields.vip}}}}<b>{{{{/if}}}}<p>{{{{fields.town}}}}|{{{{fields.count}}}}|{{{{fields.keys}}}}</p>{WithLink}"
        );
        var fields = new Dictionary<string, string>
        {
            ["town"] = "Rome",
            ["line_2"] = "b",
            ["vip"] = "no",
            ["secret"] = "x",
        };

        var has = template.Render(new MergeValues("a@example.net", null, null, Link, fields));
        var lacks = template.Render(new MergeValues("a@example.net", null, null, Link));

        Assert.Equal(["count", "keys", "line_2", "town", "vip"], template.OwnFields);
        Assert.Equal(("Rome b", "Everywhere"), (has.Subject, lacks.Subject));
        Assert.StartsWith("<b><p>Rome||</p>", has.Html, StringComparison.Ordinal);
        Assert.StartsWith("<p>||</p>", lacks.Html, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_HostileOwnField_IsEscapedInHtml_AndCannotEndAHeader()
    {
        var template = MailTemplate.Compile(
            "In {{fields.town}}",
            $"<p title=\"{{{{fields.town}}}}\">{{{{fields.town}}}}</p>{WithLink}",
            "{{fields.town}}"
        );
        var fields = new Dictionary<string, string> { ["town"] = "\"><script>{{email}}\r\nBcc: all@example.net" };

        var mail = template.Render(new MergeValues("a@example.net", null, null, Link, fields));

        const string Shown = "&quot;&gt;&lt;script&gt;{{email}}\nBcc: all@example.net";
        Assert.StartsWith($"<p title=\"{Shown}\">{Shown}</p>", mail.Html, StringComparison.Ordinal);
        Assert.Equal("In \"><script>{{email}} Bcc: all@example.net", mail.Subject);
        Assert.StartsWith("\"><script>{{email}}\nBcc: all@example.net", mail.Text, StringComparison.Ordinal);
    }
}
