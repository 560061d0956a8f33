using System.IO;
using System.Net.Http;
using System.Text;
using Generated;
using Xunit;

namespace Programs;

/// <summary>What a program does with the client that was generated for it. It knows the document and nothing else.</summary>
public static class Program
{
    public static async Task RunAsync(string address, HttpClient http, Guid sender)
    {
        var portal = new LedgerpostClient(address, http);
        await KeepContactsAsync(portal);
        var campaign = await SendCampaignAsync(portal, sender);
        await ReadLedgerAsync(portal, campaign);
        await MoveFilesAsync(portal);
        await SendOneAsync(portal, sender);
        await BeRefusedAsync(portal);
    }

    private static async Task KeepContactsAsync(LedgerpostClient portal)
    {
        var ada = new ContactBody
        {
            Email = "ada@readers.example",
            First_name = "Ada",
            Tags = ["news"],
        };
        var added = await portal.AddContactAsync(ada, idempotency_Key: "ada");
        var again = await portal.AddContactAsync(ada, idempotency_Key: "ada");
        var changed = await portal.ChangeContactAsync(added.Id, new ContactPatch { Last_name = "Lovelace" });
        await portal.AddContactAsync(new ContactBody { Email = "bob@readers.example", Tags = ["news"] });
        await portal.AddContactAsync(new ContactBody { Email = "eve@readers.example", Tags = ["news"] });
        await portal.AddSuppressionAsync(
            new SuppressionBody { Email = "eve@readers.example", Reason = SuppressionReason.Manual }
        );

        Assert.Equal(added.Id, again.Id);
        // What the program did not name is as it was.
        Assert.Equal(("Ada", "Lovelace", "news"), (changed.First_name, changed.Last_name, changed.Tags.Single()));
        var suppressed = Assert.Single((await portal.ListContactsAsync(subscribed: false)).Data);
        Assert.Equal("eve@readers.example", suppressed.Email);
    }

    private static async Task<CampaignShape> SendCampaignAsync(LedgerpostClient portal, Guid sender)
    {
        var template = await portal.CreateTemplateAsync(
            new TemplateBody
            {
                Name = "Plain",
                Subject = "Hello {{first_name}}",
                Html = "<p>Hello</p><a href=\"{{unsubscribe_url}}\">No more</a>",
            }
        );
        var draft = await portal.CreateCampaignAsync(
            new CampaignBody
            {
                Name = "By a program",
                Template_id = template.Id,
                Sender_id = sender,
                Audience = new AudienceShape { Tag = "news" },
            }
        );
        // An audience goes back as it came.
        var changed = await portal.ChangeCampaignAsync(
            draft.Id,
            new CampaignPatch { Subject = "Good morning", Audience = draft.Audience }
        );
        Assert.Equal((CampaignStatus.Draft, "Good morning"), (changed.Status, changed.Subject));
        Assert.Equal(("By a program", sender, "news"), (changed.Name, changed.Sender_id, changed.Audience.Tag));

        var content = await portal.GetCampaignContentAsync(draft.Id);
        Assert.Equal(("Good morning", template.Html), (content.Subject, content.Html));
        var preview = await portal.PreviewLaunchAsync(draft.Id);
        Assert.Equal((2, true), (preview.Will_send, preview.May_launch));
        Assert.False(preview.Checks.Any(check => check.Severity == PreflightSeverity.Blocker));

        await portal.SendCampaignAsync(draft.Id, "send-it");
        var sent = await UntilAsync(
            () => portal.GetCampaignAsync(draft.Id),
            read => read.Status == CampaignStatus.Sent
        );
        Assert.Equal((2, 1, 0), (sent.Counts.Accepted, sent.Counts.Excluded, sent.Counts.Pending));
        Assert.Equal(sent.Id, Assert.Single((await portal.ListCampaignsAsync(status: Status.Sent, limit: 10)).Data).Id);
        var copy = await portal.DuplicateCampaignAsync(sent.Id);
        Assert.Equal((CampaignStatus.Draft, "Copy of By a program"), (copy.Status, copy.Name));
        return sent;
    }

    private static async Task ReadLedgerAsync(LedgerpostClient portal, CampaignShape campaign)
    {
        var read = new List<RecipientShape>();
        string? cursor = null;
        do
        {
            var page = await portal.ListRecipientsAsync(campaign.Id, limit: 2, cursor: cursor);
            read.AddRange(page.Data);
            cursor = page.Next_cursor;
        } while (cursor is not null);

        Assert.Equal([1, 2, 3], read.Select(recipient => recipient.Number));
        var story = await portal.GetRecipientAsync(
            campaign.Id,
            read.First(one => one.State == RecipientState.Accepted).Number
        );
        Assert.NotNull(Assert.Single(story.Attempts).Provider_key);
    }

    private static async Task MoveFilesAsync(LedgerpostClient portal)
    {
        using var file = new MemoryStream("email,first_name\njoan@readers.example,Joan\nnobody,\n"u8.ToArray());
        var import = await portal.ImportContactsAsync(file: new FileParameter(file, "people.csv", "text/csv"));
        var done = await UntilAsync(
            () => portal.GetImportAsync(import.Id),
            read => read.Status == ImportStatus.Completed
        );
        Assert.Equal((1, 1), (done.Accepted, done.Rejected));

        using var exported = await portal.ExportContactsAsync(email: "joan@readers.example");
        using var lines = new StreamReader(exported.Stream, Encoding.UTF8);
        Assert.Contains("joan@readers.example", await lines.ReadToEndAsync(), StringComparison.Ordinal);
    }

    private static async Task SendOneAsync(LedgerpostClient portal, Guid sender)
    {
        var body = new EmailBody
        {
            To = "ada@readers.example",
            Subject = "Your code",
            Html = "<p>1234</p>",
            Sender_id = sender,
        };
        var asked = await portal.SendEmailAsync("code-1", body);
        var sent = await UntilAsync(() => portal.GetEmailAsync(asked.Id), read => read.Status == EmailStatus.Sent);
        Assert.Equal(("ada@readers.example", "<p>1234</p>"), (sent.To, sent.Html));
    }

    private static async Task BeRefusedAsync(LedgerpostClient portal)
    {
        var wrong = await Assert.ThrowsAsync<ApiException<ProblemShape>>(() =>
            portal.AddContactAsync(new ContactBody { Email = "nobody" })
        );
        Assert.Equal((422, "validation_failed"), (wrong.StatusCode, wrong.Result.Code));
        Assert.Equal("email", Assert.Single(wrong.Result.Errors!).Field);
        var unknown = await Assert.ThrowsAsync<ApiException<ProblemShape>>(() =>
            portal.GetCampaignAsync(Guid.NewGuid())
        );
        Assert.Equal((404, "not_found"), (unknown.StatusCode, unknown.Result.Code));
    }

    private static async Task<T> UntilAsync<T>(Func<Task<T>> read, Func<T, bool> isDone)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var seen = await read();
            if (isDone(seen))
            {
                return seen;
            }

            Assert.False(patience.IsCancellationRequested, "It does not come to an end.");
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }
}
