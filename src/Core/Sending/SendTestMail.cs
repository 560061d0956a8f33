using System.Text.Encodings.Web;
using System.Text.Json;
using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Tenancy;
using Ledgerpost.Unsubscribe;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>What became of a test mail. A closed set.</summary>
public abstract record SendTestMailResult
{
    private SendTestMailResult() { }

    public sealed record Accepted(string ProviderId) : SendTestMailResult;

    /// <summary>Nothing was sent; the sentence says why.</summary>
    public sealed record Refused(string Message) : SendTestMailResult;

    /// <summary>Nothing is proven: it may have arrived.</summary>
    public sealed record Unknown(string Why) : SendTestMailResult;

    public sealed record NotFound : SendTestMailResult;
}

/// <summary>
/// One mail of a draft to one address, at once and outside of any ledger. One call and no repeat: whether to try again is
/// decided by the person who looks into the mailbox. The audit entry with the key is written before the call, and the sender is
/// asked for again in between.
/// </summary>
public sealed class SendTestMail(
    PortalDb db,
    IMailProvider provider,
    ProviderAccounts accounts,
    UnsubscribeUrls urls,
    Pacer pacer
)
{
    /// <summary>Between the audit entry and the first byte.</summary>
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(30);
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="seenBy">The contact whose data is merged; null for the sample's.</param>
    public async Task<SendTestMailResult> ExecuteAsync(
        Caller caller,
        Guid campaignId,
        string to,
        Guid? seenBy,
        CancellationToken cancellation
    )
    {
        if (!EmailAddress.TryParse(to, out var address, out var reason))
        {
            return new SendTestMailResult.Refused(reason);
        }

        var url = await urls.ForAsync(caller.TenantId, address.Normalized, cancellation);
        var prepared = await db.CommandAsync(
            caller,
            TenantRole.Admin,
            (command, token) => PrepareAsync(command, campaignId, address, seenBy, url, token),
            cancellation
        );
        if (prepared.Refused is { } refused)
        {
            return refused;
        }

        var account = prepared.Own ?? await accounts.CurrentAsync(cancellation);
        // An own account's pace stands in its row; nothing needs to be remembered of it between two tests.
        await (prepared.Own is { } own ? new Pacer(db, new SendingThrough(own)) : pacer).WaitAsync(cancellation);
        // The turn may have been waited for: by now the sender can be lost or another one, and whoever asked can be gone.
        if (
            !await db.CommandAsync(
                caller,
                TenantRole.Admin,
                (command, token) => SendsAsAsync(command.Db, prepared, token),
                cancellation
            )
        )
        {
            return new SendTestMailResult.Refused(
                "The sender changed while the test mail waited for its turn. Nothing was sent; try again."
            );
        }

        var notAfter = Deadline.In(db.Time, Start);
        var answer = await provider.PostAsync(
            new ProviderRequest(account.BaseUrl, "/emails", prepared.Key, prepared.Body, notAfter)
            {
                OwnAccountId = prepared.Own?.Id,
            },
            cancellation
        );
        return Judge(answer);
    }

    private static async Task<Prepared> PrepareAsync(
        CommandContext command,
        Guid campaignId,
        EmailAddress to,
        Guid? seenBy,
        string url,
        CancellationToken cancellation
    )
    {
        var context = command.Db;
        if (
            await context.Campaigns.Composed().SingleOrDefaultAsync(c => c.Id == campaignId, cancellation)
            is not { } campaign
        )
        {
            return Prepared.No(new SendTestMailResult.NotFound());
        }

        var sender = await SenderAsync(context, campaign.SenderId, cancellation);
        if (sender?.Domain is not { Status: DomainStatus.Verified })
        {
            return Prepared.No("Choose a sender whose domain is verified.");
        }

        if (await context.SuppressedAddresses.AnyAsync(r => r.NormalizedEmail == to.Normalized, cancellation))
        {
            return Prepared.No($"{to.Typed} is on your suppression list, so it is not mailed.");
        }

        if (await ErasedPeople.IsOneAsync(context, command.TenantId, to.Normalized, cancellation))
        {
            return Prepared.No(ErasedPeople.Refusal);
        }

        var person = await context.Contacts.SingleOrDefaultAsync(c => c.Id == seenBy, cancellation);
        RenderedMail mail;
        try
        {
            var template = MailTemplate.Compile(campaign.Subject, campaign.Html, campaign.Text);
            mail = template.Render(
                person is null
                    ? PreviewPerson.Sample.ValuesFor(template, url) with
                    {
                        Email = to.Typed,
                    }
                    : PreviewPerson.Of(person).ValuesFor(template, url)
            );
        }
        catch (TemplateException fault)
        {
            return Prepared.No(fault.Message);
        }

        var epoch = await context.Installation.Select(row => row.Epoch).SingleAsync(cancellation);
        var key = $"{epoch}/test/{campaignId}/{command.Ids.New()}";
        command.Audit(
            "campaign.tested",
            "campaign",
            campaignId.ToString(),
            campaign.Name,
            new { To = to.Typed, Key = key }
        );
        return new Prepared(key, Body(SenderHeader.Of(sender), sender.ReplyTo, to.Typed, mail, url), null)
        {
            Sender = sender,
            Own = await context
                .ProviderAccounts.Where(account =>
                    account.Id == sender.Domain.AccountId && account.OwnerId == command.TenantId
                )
                .Select(account => new CurrentAccount(account.Id, account.BaseUrl) { OwnerId = account.OwnerId })
                .SingleOrDefaultAsync(cancellation),
        };
    }

    private static Task<SenderIdentity?> SenderAsync(
        PortalDbContext context,
        Guid? id,
        CancellationToken cancellation
    ) => context.SenderIdentities.Include(s => s.Domain).SingleOrDefaultAsync(s => s.Id == id, cancellation);

    /// <summary>The sender is still there, verified, at the same account and called the same.</summary>
    private static async Task<bool> SendsAsAsync(
        PortalDbContext context,
        Prepared prepared,
        CancellationToken cancellation
    ) =>
        await SenderAsync(context, prepared.Sender!.Id, cancellation)
            is { Domain: { Status: DomainStatus.Verified } domain } now
        && domain.AccountId == prepared.Sender.Domain!.AccountId
        && SenderHeader.Of(now) == SenderHeader.Of(prepared.Sender);

    private static byte[] Body(string from, string? replyTo, string to, RenderedMail mail, string unsubscribeUrl)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Json))
        {
            json.WriteStartObject();
            json.WriteString("from", from);
            json.WriteStartArray("to");
            json.WriteStringValue(to);
            json.WriteEndArray();
            json.WriteString("subject", $"[Test] {mail.Subject}");
            json.WriteString("html", mail.Html);
            json.WriteString("text", mail.Text);
            if (replyTo is not null)
            {
                json.WriteString("reply_to", replyTo);
            }

            json.WriteStartObject("headers");
            json.WriteString("List-Unsubscribe", $"<{unsubscribeUrl}>");
            json.WriteString("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    // The key is new and the call is the only one under it, so the provider's own refusal is a proof.
    private static SendTestMailResult Judge(ProviderAnswer answer) =>
        answer switch
        {
            ProviderAnswer.NotSent { For: NotSentFor.NoKey } => new SendTestMailResult.Refused(Settlement.NoKey),
            ProviderAnswer.NotSent => new SendTestMailResult.Refused("It was too late to send it; try again."),
            ProviderAnswer.None none => new SendTestMailResult.Unknown(none.Why),
            ProviderAnswer.Http { Status: 200 } http when Id(http.Body) is { } id => new SendTestMailResult.Accepted(
                id
            ),
            ProviderAnswer.Http { Status: >= 400 and < 500 and not 409 } http
                when ProviderError.TryParse(http.Body, http.Status) is { } error => new SendTestMailResult.Refused(
                error.Message
            ),
            ProviderAnswer.Http http => new SendTestMailResult.Unknown($"The provider answered {http.Status}."),
            _ => throw new InvalidOperationException($"No such answer: {answer.GetType().Name}."),
        };

    private static string? Id(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return
                json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("id", out var id)
                && id.ValueKind == JsonValueKind.String
                ? id.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Prepared(string Key, byte[] Body, SendTestMailResult? Refused)
    {
        /// <summary>As it was then, with its domain.</summary>
        public SenderIdentity? Sender { get; init; }

        /// <summary>The tenant's own account, where the sender's domain belongs to one.</summary>
        public CurrentAccount? Own { get; init; }

        public static Prepared No(SendTestMailResult result) => new("", [], result);

        public static Prepared No(string message) => No(new SendTestMailResult.Refused(message));
    }
}
