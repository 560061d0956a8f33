using Ledgerpost.Campaigns;

namespace UnitTests.Campaigns;

public sealed class MailTemplateTests
{
    private const string Link = "https://portal.test/u/abc-123";
    private const string WithLink = "<a href=\"{{unsubscribe_url}}\">Leave</a>";

    [Fact]
    public void OwnText_IsMergedAsItStands_AndAlwaysHasAWayOut()
    {
        var without = MailTemplate.Compile(
            "S",
            WithLink,
            "Dear {{first_name}} & co,\n\n{{#if last_name}}x{{/if}}Bye\n"
        );
        var with = MailTemplate.Compile("S", "<p>Hi", "Leave: {{unsubscribe_url}}\n");

        var mail = without.Render(new("a@example.net", "<b>\"Ada\"\0</b>", null, Link));

        Assert.Equal($"Dear <b>\"Ada\"</b> & co,\n\nBye\n\nUnsubscribe: {Link}", mail.Text);
        Assert.Equal(without.Render(new("a@example.net", null, null, Link)).Html, mail.Html);
        Assert.Equal($"Leave: {Link}\n", with.Render(new("a@example.net", null, null, Link)).Text);
    }

    [Theory]
    [InlineData("Hi\n{{frist_name}}", 2)]
    [InlineData("{{#if email}}Hi", 1)]
    [InlineData("Hi {{email", 1)]
    public void OwnText_WithAFault_SaysThatItIsThere_AndInWhichLine(string text, int line)
    {
        var fault = Assert.Throws<TemplateException>(() => MailTemplate.Compile("S", "<p>Hi", text));

        Assert.Equal((true, false, line), (fault.InText, fault.InSubject, fault.Line));
    }

    [Fact]
    public void OwnText_LargerThanCanBeSent_IsRefused() =>
        Assert.True(
            Assert
                .Throws<TemplateException>(() =>
                    MailTemplate.Compile("S", "<p>Hi", new string('x', MailTemplate.MaxBytes + 1))
                )
                .InText
        );

    [Fact]
    public void Render_FieldsAndFallback_AreFilled()
    {
        var template = MailTemplate.Compile(
            "Hello {{fallback first_name \"friend\"}}",
            $"<p>Dear {{{{first_name}}}} {{{{last_name}}}} ({{{{email}}}})</p>{WithLink}"
        );

        var ada = template.Render(new MergeValues("ada@example.net", "Ada", "Lovelace", Link));
        var nobody = template.Render(new MergeValues("x@example.net", null, null, Link));

        Assert.Equal("Hello Ada", ada.Subject);
        Assert.Equal($"<p>Dear Ada Lovelace (ada@example.net)</p><a href=\"{Link}\">Leave</a>", ada.Html);
        Assert.Equal($"Dear Ada Lovelace (ada@example.net)\n\nLeave ({Link})", ada.Text);
        Assert.Equal("Hello friend", nobody.Subject);
        Assert.Contains("<p>Dear   (x@example.net)</p>", nobody.Html, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_IfElseAndUnless_FollowTheData()
    {
        var template = MailTemplate.Compile(
            "{{#if first_name}}For {{first_name}}{{else}}For you{{/if}}",
            "{{#unless last_name}}<p>No last name</p>{{/unless}}"
        );

        Assert.Equal("For Ada", template.Render(new("a@example.net", "Ada", "L", Link)).Subject);
        Assert.Equal("For you", template.Render(new("a@example.net", "", "L", Link)).Subject);
        Assert.Contains(
            "No last name",
            template.Render(new("a@example.net", "Ada", null, Link)).Html,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;")]
    [InlineData("\"><img src=x onerror=alert(1)>", "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;")]
    [InlineData("' onmouseover='x", "&#39; onmouseover=&#39;x")]
    [InlineData("{{email}}", "{{email}}")]
    [InlineData("{{#each this}}{{this}}{{/each}}", "{{#each this}}{{this}}{{/each}}")]
    [InlineData("&lt;", "&amp;lt;")]
    public void Render_HostileName_IsEscapedAndNeverEvaluated(string name, string shown)
    {
        var template = MailTemplate.Compile(
            "For {{first_name}}",
            $"<p title=\"{{{{first_name}}}}\">{{{{fallback first_name \"friend\"}}}}</p>{WithLink}"
        );

        var mail = template.Render(new MergeValues("a@example.net", name, null, Link));

        Assert.StartsWith($"<p title=\"{shown}\">{shown}</p>", mail.Html, StringComparison.Ordinal);
        Assert.Equal($"For {name}", mail.Subject);
        Assert.StartsWith(name, mail.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_LineEndsInAName_CannotStartAnotherHeader()
    {
        var template = MailTemplate.Compile("Hi {{first_name}}!", WithLink);

        var mail = template.Render(
            new MergeValues("a@example.net", "Eve\r\nBcc: all@example.net\0\u2028\u202Eevil\ud800", null, Link)
        );

        Assert.Equal("Hi Eve Bcc: all@example.net evil\ufffd!", mail.Subject);
        Assert.DoesNotContain("\0", mail.Html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<p>{{first_name}</p>", 1)]
    [InlineData("<p>\n{{#if first_name}}</p>", 2)]
    [InlineData("a\nb\n{{/if}}", 3)]
    [InlineData("{{else}}", 1)]
    [InlineData("{{#if first_name}}{{else}}{{else}}{{/if}}", 1)]
    [InlineData("{{#if first_name}}{{/unless}}", 1)]
    [InlineData("\n\n{{{first_name}}}", 3)]
    [InlineData("{{{{raw}}}}{{{{/raw}}}}", 1)]
    [InlineData("{{&first_name}}", 1)]
    [InlineData("{{> secrets}}", 1)]
    [InlineData("{{#each this}}{{/each}}", 1)]
    [InlineData("{{#with first_name}}{{Length}}{{/with}}", 1)]
    [InlineData("{{first_name.Length}}", 1)]
    [InlineData("{{../first_name}}", 1)]
    [InlineData("{{@root}}", 1)]
    [InlineData("{{this}}", 1)]
    [InlineData("{{[first_name]}}", 1)]
    [InlineData("{{lookup this \"email\"}}", 1)]
    [InlineData("{{fallback first_name last_name}}", 1)]
    [InlineData("{{fallback first_name}}", 1)]
    [InlineData("{{fallback first_name (email)}}", 1)]
    [InlineData("{{first_name email}}", 1)]
    [InlineData("{{}}", 1)]
    [InlineData("{{!-- }} {{{email}}} --}}", 1)]
    [InlineData("\\{{first_name}}", 1)]
    [InlineData("{{frist_name}}", 1)]
    [InlineData("{{fields}}", 1)]
    [InlineData("{{fields.}}", 1)]
    [InlineData("{{fields.Town}}", 1)]
    [InlineData("{{fields.town.length}}", 1)]
    [InlineData("{{fields/town}}", 1)]
    [InlineData("{{fields.[town]}}", 1)]
    [InlineData("{{fields.2nd}}", 1)]
    [InlineData("{{#if fields}}{{/if}}", 1)]
    [InlineData("{{#each fields}}{{this}}{{/each}}", 1)]
    [InlineData("{{{fields.town}}}", 1)]
    [InlineData("{{fallback fields.town fields.land}}", 1)]
    public void Compile_WhatIsNotInTheList_IsRefusedWithItsLine(string html, int line)
    {
        var refused = Assert.Throws<TemplateException>(() => MailTemplate.Compile("Subject", html));

        Assert.Equal(line, refused.Line);
        Assert.False(refused.InSubject);
    }

    [Fact]
    public void Compile_FaultInTheSubject_SaysSo()
    {
        var refused = Assert.Throws<TemplateException>(() => MailTemplate.Compile("{{nick_name}}", "<p>Hi</p>"));

        Assert.True(refused.InSubject);
        Assert.Contains("nick_name", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownFields_FindsThemEverywhere_AndOnlyThem()
    {
        var unknown = MailTemplate.UnknownFields(
            "{{nickname}} {{first_name}}",
            "{{#if vip}}{{fallback town \"x\"}}{{/if}}{{#each items}}{{this.price}}{{/each}}{{upper first_name}}"
                + "{{nickname}}{{email}}{{else}}{{unsubscribe_url}}{{unclosed"
        );

        Assert.Equal(["nickname", "vip", "town", "each", "this.price", "upper"], unknown);
    }

    [Theory]
    [InlineData("<html><body><p>Hi</p></body></html>", "</a></p></body></html>")]
    [InlineData("<p>Hi</p>", "</a></p>")]
    [InlineData("<p>Hi</p><!-- {{unsubscribe_url}} -->", "</a></p>")]
    [InlineData("<p>Hi</p><p style='display: none'>{{unsubscribe_url}}</p>", "</a></p>")]
    public void Render_WithoutAVisibleLink_GetsAFooter(string html, string end)
    {
        var mail = MailTemplate.Compile("S", html).Render(new MergeValues("a@example.net", null, null, Link));

        Assert.Contains($"<a href=\"{Link}\"", mail.Html, StringComparison.Ordinal);
        Assert.EndsWith(end, mail.Html, StringComparison.Ordinal);
        Assert.Equal($"Hi\n\nUnsubscribe: {Link}", mail.Text);
    }

    [Fact]
    public void Render_LinkOnlyForSome_OthersGetTheFooter()
    {
        var template = MailTemplate.Compile("S", $"{{{{#if first_name}}}}{WithLink}{{{{/if}}}}<p>Hi</p>");

        Assert.DoesNotContain(
            ">Unsubscribe<",
            template.Render(new("a@x.net", "A", null, Link)).Html,
            StringComparison.Ordinal
        );
        Assert.Contains(
            ">Unsubscribe<",
            template.Render(new("a@x.net", null, null, Link)).Html,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Render_Text_KeepsStructureAndLinks()
    {
        var html = """
            <html><head><title>T</title><style>p { color: red }</style></head><body>
            <h1>News</h1><p>Read <a href="https://a.test/x?y=1&amp;z=2">the  story</a>,<br>please.</p>
            <ul><li>One</li><li>Two &amp; a half</li></ul>
            <table><tr><td>A</td><td>B</td></tr></table>
            <img src="cid:1" alt="A cat"><script>x()</script>
            <a href="mailto:me@a.test">me@a.test</a> <a href="{{unsubscribe_url}}">Leave</a></body></html>
            """;

        var mail = MailTemplate.Compile("S", html).Render(new MergeValues("a@example.net", null, null, Link));

        Assert.Equal(
            $"""
            News

            Read the story (https://a.test/x?y=1&z=2),
            please.

            - One
            - Two & a half

            A B
            A cat me@a.test Leave ({Link})
            """.ReplaceLineEndings("\n"),
            mail.Text
        );
    }

    [Fact]
    public void Render_SubjectThatIsEmptyForThisPerson_IsRefused()
    {
        var template = MailTemplate.Compile("{{first_name}}", WithLink);

        Assert.Equal("Ada", template.Render(new("a@example.net", "Ada", null, Link)).Subject);
        Assert.Throws<TemplateException>(() => template.Render(new("a@example.net", " \r\n", null, Link)));
    }

    [Fact]
    public void Render_MoreThan100Kb_IsRefused()
    {
        var template = MailTemplate.Compile("S", string.Concat(Enumerable.Repeat("{{first_name}}", 900)));

        Assert.Throws<TemplateException>(() => template.Render(new("a@example.net", new string('x', 200), null, Link)));
    }

    [Theory]
    [InlineData("<div>", 20_000)]
    [InlineData("<b>", 30_000)]
    [InlineData("{{first_name}}", 1_001)]
    [InlineData("{{#if email}}", 9)]
    [InlineData("0123456789", 10_241)]
    public void Compile_AbsurdTemplate_IsRefused(string part, int times)
    {
        var html = string.Concat(Enumerable.Repeat(part, times));

        Assert.Throws<TemplateException>(() => MailTemplate.Compile("S", html));
    }

    [Fact]
    public void Render_ByManyThreads_MixesNobodyUp()
    {
        var template = MailTemplate.Compile("{{first_name}}", $"<p>{{{{first_name}}}}</p>{WithLink}");

        Parallel.For(
            0,
            2_000,
            i =>
            {
                var mail = template.Render(new($"p{i}@example.net", $"N{i}", null, $"{Link}{i}"));
                Assert.Equal($"N{i}", mail.Subject);
                Assert.Equal($"<p>N{i}</p><a href=\"{Link}{i}\">Leave</a>", mail.Html);
            }
        );
    }
}
