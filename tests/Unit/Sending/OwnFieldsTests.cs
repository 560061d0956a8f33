using System.Text;
using System.Text.Json;
using Ledgerpost.Campaigns;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using UnitTests.Support;
using static UnitTests.Sending.FakeProvider;

namespace UnitTests.Sending;

/// <summary>Contacts' own fields in a mail are those of the freeze, whatever becomes of the contact afterwards.</summary>
public sealed class OwnFieldsTests
{
    private const string Html = "<p>{{first_name}} of {{fallback fields.town \"nowhere\"}}</p>";

    [Fact]
    public async Task Ledger_TakesThem_AndOnlyWhereTheContentHasThem()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await PeopleAsync(engine, 3);

        var with = await engine.LaunchAsync(html: Html);
        var leftOut = await engine.DraftAsync(html: "{{#if fields.land}}x{{/if}}");
        await engine.LeaveOutAsync(leftOut, await engine.Database.AddCampaignAsync(engine.Tenant, CampaignStatus.Sent));
        await engine.LaunchDraftAsync(leftOut);
        var without = await engine.LaunchAsync(html: "<p>fields.town {{first_name}}</p>");

        string?[] expected = ["""{"town":"Town1"}""", """{"town":"Town2"}""", null];
        Assert.Equal(expected, await FieldsAsync(engine, with));
        Assert.Equal(expected, await FieldsAsync(engine, leftOut));
        Assert.Equal([null, null, null], await FieldsAsync(engine, without));
        await engine.TurnAsync();
        Assert.Equal(
            ["<p>First1 of Town1</p>", "<p>First2 of Town2</p>", "<p>First3 of nowhere</p>"],
            Mailed(engine)[0]
        );
    }

    [Theory]
    [InlineData(Fault.LostAnswer, 1)]
    [InlineData(Fault.LostRequest, 1)]
    [InlineData(Fault.RateLimited, 2)]
    public async Task Repeat_OfAContactThatWasEditedMeanwhile_IsTheSameMail(Fault fault, int keys)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var people = await PeopleAsync(engine, 3);
        engine.Provider.Then(fault);
        var id = await engine.LaunchAsync(html: Html);
        await engine.TurnAsync();

        await EditAsync(engine, people);
        await engine.RunAsync();

        Assert.Equal(2, engine.Provider.Calls.Count);
        // A refusal is proof: what comes then is rendered anew, under another key. Its fields are the frozen ones all the same.
        Assert.Equal(keys, engine.Provider.Calls.Select(call => call.Key).Distinct().Count());
        if (keys == 1)
        {
            Assert.Single(engine.Provider.Calls.Select(call => call.Hash).Distinct());
        }

        Assert.Contains("<p>First1 of Town1</p>", Mailed(engine)[0]);
        Assert.Equal(3, (await engine.CountsAsync(id)).Accepted);
    }

    [Fact]
    public async Task Joined_BringTheirsAsTheyAreAtTheResume_AndThoseOfTheLaunchKeepTheirs_AlsoWhoComesBack()
    {
        await using var engine = await EngineHarness.CreateAsync();
        var people = await PeopleAsync(engine, 3);
        engine.Provider.Then(Fault.DailyQuota);
        var id = await engine.LaunchAsync(html: Html);
        await engine.RunAsync();
        await EditAsync(engine, people);
        // Of these two the third had none: as at a launch, they are the contact's.
        foreach (var address in new[] { "person2@example.net", "person3@example.net" })
        {
            await engine.DeleteContactAsync(address);
            var again = await engine.Database.AddContactAsync(engine.Tenant, address);
            await engine.Database.SetFieldsAsync(engine.Tenant, again, ("town", "Back"));
        }

        var joined = await engine.Database.AddContactAsync(engine.Tenant, "joined@example.net");
        await engine.Database.SetFieldsAsync(engine.Tenant, joined, ("town", "New"));

        Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(id, includeJoined: true));
        await engine.RunAsync();

        Assert.Equal(
            ["<p>First1 of Town1</p>", "<p>First2 of Town2</p>", "<p>First3 of Back</p>", "<p>First of New</p>"],
            Mailed(engine)[^1]
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task FollowUp_KeepsThoseOfItsSource_AndTakesThemAtItsLaunchWhereTheSourceHadNone(bool sourceHas)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var people = await PeopleAsync(engine, 3);
        engine.Provider.Then(Fault.DailyQuota);
        var source = await engine.LaunchAsync(html: sourceHas ? Html : "<p>Hi</p>");
        await engine.RunAsync();
        var followUp = await engine.FollowUpAsync(source);
        await WriteAsync(engine, followUp, Html);
        await EditAsync(engine, people);

        await engine.LaunchDraftAsync(followUp);
        await engine.RunAsync();

        Assert.Equal(
            sourceHas
                ? ["<p>First1 of Town1</p>", "<p>First2 of Town2</p>", "<p>First3 of nowhere</p>"]
                : ["<p>First1 of Edited</p>", "<p>First2 of Edited</p>", "<p>First3 of Edited</p>"],
            Mailed(engine)[^1]
        );
    }

    [Fact]
    public async Task WhoComesBackInAFollowUp_WhoseSourceHadNoFields_HasThem()
    {
        await using var engine = await EngineHarness.CreateAsync();
        await PeopleAsync(engine, 3);
        engine.Provider.Then(Fault.DailyQuota, Fault.DailyQuota);
        var source = await engine.LaunchAsync(html: "<p>Hi</p>");
        await engine.RunAsync();
        var followUp = await engine.FollowUpAsync(source);
        await engine.DeleteContactAsync("person2@example.net");
        await WriteAsync(engine, followUp, Html);
        await engine.LaunchDraftAsync(followUp);
        await engine.RunAsync();
        var again = await engine.Database.AddContactAsync(engine.Tenant, "person2@example.net");
        await engine.Database.SetFieldsAsync(engine.Tenant, again, ("town", "Back"));

        Assert.IsType<ResumeResult.Resumed>(await engine.ResumeAsync(followUp, includeJoined: true));
        await engine.RunAsync();

        Assert.Contains("<p>First2 of Back</p>", Mailed(engine)[^1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhoeverComesLateToAFollowUp_HasFieldsToo(bool sourceHas)
    {
        await using var engine = await EngineHarness.CreateAsync();
        var people = await PeopleAsync(engine, 300);
        var source = await engine.LaunchAsync(html: sourceHas ? Html : "<p>Hi</p>");
        Guid followUp = default;
        engine.Provider.Then(Fault.DailyQuota);
        engine.Provider.During = async () =>
        {
            engine.Provider.During = null;
            await engine.TurnAsync();
            followUp = await engine.FollowUpAsync(source);
            await WriteAsync(engine, followUp, Html);
            await engine.LaunchDraftAsync(followUp);
            await EditAsync(engine, people);
            engine.Provider.Then(Fault.RateLimited);
        };
        await engine.TurnAsync(engine.NewDispatcher());

        await engine.RunAsync();

        Assert.Equal(300, (await engine.CountsAsync(followUp)).Accepted);
        var late = Mailed(engine)
            .SelectMany(mails => mails)
            .Where(mail => mail.StartsWith("<p>First1 ", StringComparison.Ordinal));
        Assert.Equal($"<p>First1 of {(sourceHas ? "Town1" : "Edited")}</p>", late.Last());
    }

    /// <summary>The last one has no fields.</summary>
    private static async Task<IReadOnlyList<Guid>> PeopleAsync(EngineHarness engine, int count)
    {
        var people = await engine.Database.AddContactsAsync(engine.Tenant, count);
        for (var i = 0; i < Math.Min(count, 10) - 1; i++)
        {
            await engine.Database.SetFieldsAsync(engine.Tenant, people[i], ("town", $"Town{i + 1}"));
        }

        return people;
    }

    private static async Task EditAsync(EngineHarness engine, IReadOnlyList<Guid> people)
    {
        foreach (var contact in people.Take(10))
        {
            await engine.Database.SetFieldsAsync(engine.Tenant, contact, ("town", "Edited"));
        }
    }

    private static Task WriteAsync(EngineHarness engine, Guid draft, string html) =>
        engine.Db.WriteAsync(
            engine.Tenant.Scope,
            async (db, token) => (await db.Campaigns.SingleAsync(c => c.Id == draft, token)).Html = html,
            CancellationToken.None
        );

    private static async Task<IReadOnlyList<string?>> FieldsAsync(EngineHarness engine, Guid id)
    {
        await using var db = engine.Db.Read(engine.Tenant.Scope);
        var fields = await db.RecipientFields.Where(row => row.CampaignId == id).ToListAsync();
        var numbers = await db.Recipients.Where(row => row.CampaignId == id).Select(row => row.Number).ToListAsync();
        return
        [
            .. numbers.Order().Select(number => fields.SingleOrDefault(row => row.RecipientNumber == number)?.Fields),
        ];
    }

    /// <summary>Of each batch that was taken the mails' first elements: behind them stands the link to unsubscribe.</summary>
    private static IReadOnlyList<IReadOnlyList<string>> Mailed(EngineHarness engine) =>
        [
            .. engine.Provider.Batches.Select(batch =>
            {
                using var json = JsonDocument.Parse(batch.Body);
                return json
                    .RootElement.EnumerateArray()
                    .Select(mail => mail.GetProperty("html").GetString()!)
                    .Select(html => html[..(html.IndexOf("</p>", StringComparison.Ordinal) + 4)])
                    .ToList();
            }),
        ];
}
