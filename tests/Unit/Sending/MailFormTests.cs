using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Sending;

namespace UnitTests.Sending;

/// <summary>A mail that is copied together is, to the byte, the mail that would have been rendered for that person.</summary>
public sealed class MailFormTests
{
    private const string Url = "https://portal.test/u/abcDEF-_0123456789";

    private static readonly string[] Pieces =
    [
        "<p>Hello {{first_name}}</p>",
        "<p>{{fallback first_name \"friend\"}} &amp; {{last_name}}</p>",
        "{{#if first_name}}<p>Dear {{first_name}},</p>{{else}}<p>Hello,</p>{{/if}}",
        "<table><tr><td>{{email}}</td><td>{{last_name}}</td></tr></table>",
        "<a href=\"{{unsubscribe_url}}\">leave</a>",
        "<a href=\"https://example.net/?a=1&amp;b=2\">read {{first_name}}</a>",
        "<a href=\"https://example.net/{{email}}\">odd</a>",
        "<img src=\"x\" alt=\"for {{first_name}}\">",
        "<span title=\"{{last_name}}\">t</span>",
        "<!-- {{email}} -->",
        "<div style=\"display:none\">{{first_name}} in secret</div>",
        "&{{first_name}};",
        "<b>{{first_name}}</b>{{last_name}}",
        "<ul><li>{{first_name}}<li>{{email}}</ul>",
        "<textarea>{{first_name}}</textarea><pre>  {{last_name}}\n x</pre>",
        "{{#unless last_name}}nobody{{/unless}}",
        "<p>From {{fields.town}}, {{fallback fields.company_2 \"no firm\"}}</p>",
        "{{#if fields.town}}<b title=\"{{fields.company_2}}\">{{fields.town}}</b>{{else}}nowhere{{/if}}",
        "<a href=\"https://example.net/{{fields.town}}\">there</a>{{fields.count}}",
        "<i>{{fields.town}}{{last_name}}{{fields.town}}</i>",
        "plain \u00e4 \U0001F600 \"quoted\" \\ back",
        "</body>",
    ];

    // Null: the text is made from the HTML.
    private static readonly string?[] Texts =
    [
        null,
        null,
        "Hello {{first_name}} & <b>{{last_name}}</b>, {{email}}\n\n{{unsubscribe_url}}\n",
        "{{#if first_name}}Dear {{first_name}}{{else}}Hello{{/if}}\n  {{fallback last_name \"you\"}} \n",
        "\u00e4 \U0001F600 \"quoted\" \\ back",
        "{{fields.town}} & {{fallback fields.company_2 \"no <firm>\"}}",
    ];

    private static readonly string?[] Values =
    [
        null,
        "",
        " ",
        "Ann",
        "Ann Marie",
        "Ann  Marie",
        " Ann",
        "O'Neil & \"Sons\" <b>`x`</b>",
        "amp",
        "\u00c4nne\u00a0L",
        "tab\there",
        "line\nend",
        "bidi\u202eabc",
        "\U0001F600 smile",
        "lone\ud83d",
        "place\ue000",
        "null\0byte",
        "-->",
        new('x', 150),
        "{{email}}",
        "\\u0041\\",
    ];

    [Fact]
    public void Mail_OfAnyTemplateAndPerson_IsTheSameBytesBothWays()
    {
        var person =
            from first in Gen.Frequency(
                (1, Gen.Elements(Values)),
                (1, Gen.Elements<string?>(null, "Ann", "O'Neil <b>"))
            )
            from last in Gen.Frequency(
                (1, Gen.Elements(Values)),
                (1, Gen.Elements<string?>(null, "Lee", "\u00c4 & Co"))
            )
            from town in Gen.Elements(Values)
            from company in Gen.Elements<string?>(null, null, "Sons & <b>Co</b>", "\u00c4")
            select Person(first, last, Fields(town, company));
        var cases =
            from count in Gen.Choose(1, 4)
            from pieces in Gen.Elements(Pieces).ArrayOf(count)
            from subject in Gen.Elements(
                "News",
                "For {{first_name}}",
                "{{last_name}} {{fallback first_name \"you\"}}",
                "In {{fields.town}}: {{fallback fields.company_2 \"x\"}}"
            )
            from people in person.ArrayOf(12)
            from text in Gen.Elements(Texts)
            select (Html: string.Concat(pieces), subject, text, people);
        var byForm = 0;

        Prop.ForAll(
                cases.ToArbitrary(),
                c =>
                {
                    var campaign = Campaign(c.subject, c.Html, c.text);
                    var template = MailTemplate.Compile(campaign.Subject, campaign.Html, campaign.Text);
                    var mails = new CampaignMails(campaign);
                    byForm += c.people.Count(p => UsesForm(campaign, template, p));
                    return c.people.All(p => Quick(mails, campaign, p) == Rendered(campaign, template, p));
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(100).WithReplay(4711, 1));

        // Else nothing was compared.
        Assert.InRange(byForm, 200, 1100);
    }

    [Theory]
    [InlineData("<p>Hello {{first_name}}, {{email}}</p><a href=\"{{unsubscribe_url}}\">leave</a>", true)]
    [InlineData("{{#if first_name}}<p>Dear {{first_name}}</p>{{/if}}", true)]
    [InlineData("<a title={{first_name}}>x</a>", false)]
    [InlineData("<a href=\"https://example.net/{{email}}\">x</a>", false)]
    [InlineData("<p>&{{first_name}};</p>", false)]
    [InlineData("<!-- {{first_name}} -->", false)]
    [InlineData("<p>{{fields.town}} {{fields.absent}}</p>", true)]
    [InlineData("<a href=\"https://example.net/{{fields.town}}\">x</a>", false)]
    [InlineData("<p>a private use character: \ue005</p>", false)]
    public void Form_IsMadeOnlyWhereNoValueCanChangeMoreThanItsPlace(string html, bool made) =>
        Assert.Equal(
            made,
            UsesForm(
                Campaign("News", html),
                MailTemplate.Compile("News", html),
                Person("Ann", "Lee", Fields("Rome", null))
            )
        );

    [Fact]
    public void Form_OfMoreOwnFieldsOrCombinationsThanAreKept_GivesWayToTheRendering()
    {
        var names = Enumerable.Range(0, MailPlaces.MostOwn + 1).Select(i => $"f{i}").ToList();
        string Html(int fields) => string.Concat(names.Take(fields).Select(name => $"<p>{{{{fields.{name}}}}}</p>"));
        Addressee With(long bits) =>
            Person(
                "Ann",
                null,
                ContactFields.Store(
                    names.Where((_, i) => (bits >> i & 1) != 0).ToDictionary(name => name, name => $"of {name}")
                )
            );

        foreach (var (fields, people) in ((int, int)[])[(names.Count, 3), (MailPlaces.MostOwn, 3), (9, 400)])
        {
            var campaign = Campaign("News", Html(fields));
            var template = MailTemplate.Compile(campaign.Subject, campaign.Html);
            var mails = new CampaignMails(campaign);
            for (var i = 0L; i < people; i++)
            {
                var person = With(i | (i << 40) | (i << 59));
                Assert.Equal(Rendered(campaign, template, person), Quick(mails, campaign, person));
            }
        }
    }

    private static bool UsesForm(Campaign campaign, MailTemplate template, Addressee person) =>
        PersonValues.Of(person, template) is var values
        && MailForm.Fits(values)
        && MailForm.TryCreate(campaign, template, values) is not null;

    private static string Quick(CampaignMails mails, Campaign campaign, Addressee person) =>
        Written(output => mails.Write(output, person, Url, Chunk(campaign)));

    private static string Rendered(Campaign campaign, MailTemplate template, Addressee person) =>
        Written(output =>
            MailBatch.WriteMail(
                output,
                campaign,
                person.Email,
                template.Render(
                    new MergeValues(
                        person.Email,
                        person.FirstName,
                        person.LastName,
                        Url,
                        ContactFields.Read(person.Fields)
                    )
                ),
                Url,
                new MailTags(campaign.Id, person.Number, 7, 2).All
            )
        );

    private static string Written(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        try
        {
            write(output);
            return Encoding.UTF8.GetString(output.WrittenSpan);
        }
        catch (TemplateException exception)
        {
            return "refused: " + exception.Message;
        }
    }

    private static ClaimedChunk Chunk(Campaign campaign) => new(campaign.TenantId, campaign.Id, 7, 1, 2, 1, false);

    private static Addressee Person(string? firstName, string? lastName, string? fields) =>
        new(42, "o'ann+x@example.net", "o'ann+x@example.net", firstName, lastName, fields);

    private static string? Fields(string? town, string? company) =>
        ContactFields.Store(
            new[] { ("town", town), ("company_2", company), ("not_asked_for", "x") }
                .Where(field => field.Item2 is not null)
                .ToDictionary(field => field.Item1, field => field.Item2!)
        );

    private static Campaign Campaign(string subject, string html, string? text = null) =>
        new()
        {
            TenantId = Guid.Empty,
            Id = new Guid("01234567-89ab-cdef-0123-456789abcdef"),
            Name = "Spring",
            Status = CampaignStatus.Sending,
            Subject = subject,
            Html = html,
            Text = text,
            FromHeader = "\"North\" <news@north.test>",
            ReplyTo = "reply@north.test",
            CreatedBy = "test",
            CreatedAt = DateTimeOffset.UnixEpoch,
            UpdatedAt = DateTimeOffset.UnixEpoch,
        };
}
