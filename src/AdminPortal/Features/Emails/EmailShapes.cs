using System.Text.Json;
using AdminPortal.Api;
using AdminPortal.Features.Campaigns;
using AdminPortal.Hosting;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;

namespace AdminPortal.Features.Emails;

/// <summary>How a transactional mail is answered.</summary>
internal sealed class EmailAnswers(PortalOptions portal, EmailPages pages)
{
    public EmailShape Shape(EmailView found)
    {
        var (email, recipient, status) = (found.Email, found.Recipient, found.Status);
        var path = $"{ApiServices.Prefix}/emails/{email.Id}/resume";
        return new EmailShape(
            email.Id,
            recipient.Email,
            email.FromHeader ?? "",
            email.Subject,
            email.SenderId,
            status,
            status == EmailStatus.Partial
                ? JsonNamingPolicy.SnakeCaseLower.ConvertName($"{email.StopReason}")
                : recipient.Reason,
            recipient.State,
            recipient.Delivery,
            recipient.ProviderEmailId,
            // What is unknown is a person's to decide; a resume leaves it as it is.
            status == EmailStatus.Partial
            && recipient.State != RecipientState.Unknown
                ? portal.PublicUrl + path
                : null,
            email.CreatedAt,
            recipient.UpdatedAt
        );
    }

    /// <summary>Whoever asks again gets its present state, and never another key.</summary>
    public static CommandAnswer Sent(Guid id) => new(StatusCodes.Status202Accepted, Sent: id);

    /// <summary>Of a repeat: 202 while it is on its way; 200 once it stands still.</summary>
    public async Task<CommandAnswer> PresentAsync(TenantScope scope, Guid id, CancellationToken cancellation) =>
        await pages.FindAsync(scope, id, cancellation) is { } found
            ? ApiAnswers.Of(
                found.Status == EmailStatus.Sending ? StatusCodes.Status202Accepted : StatusCodes.Status200OK,
                Shape(found)
            )
            : ApiErrors.Unknown("mail");
}

/// <summary>One mail to one address. Subject and content go out as they are: nothing in them is a merge field.</summary>
/// <param name="To">One address.</param>
/// <param name="Html">At least one of html and text.</param>
/// <param name="Text">The plain-text part; null: the provider makes it from the HTML.</param>
internal sealed record EmailBody(string? To, string? Subject, string? Html, string? Text, Guid? SenderId) : ILookedUp
{
    public EmailRequest ToRequest() => new(To, Subject, Html, Text, SenderId);

    public async Task<IEnumerable<FieldError>> LookUpAsync(BodyLookUp look) =>
        await SendEmail.ProblemsAsync(look.Db, ToRequest(), look.Cancellation);
}

/// <param name="Status">In one word where it stands.</param>
/// <param name="Reason">Why it stopped, was refused or was not mailed.</param>
/// <param name="State">Of its row in the ledger.</param>
/// <param name="Delivery">What the provider has reported since it took it.</param>
/// <param name="ProviderEmailId">The provider's own id, once it has proven that it took it.</param>
/// <param name="ResumeUrl">Where a partial mail goes on; null when it cannot.</param>
internal sealed record EmailShape(
    Guid Id,
    string To,
    string From,
    string Subject,
    Guid? SenderId,
    EmailStatus Status,
    string? Reason,
    RecipientState State,
    Delivery? Delivery,
    string? ProviderEmailId,
    string? ResumeUrl,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt
);

/// <summary>A mail with its content and its story.</summary>
internal sealed record EmailStoryShape(
    Guid Id,
    string To,
    string From,
    string Subject,
    string? Html,
    string? Text,
    Guid? SenderId,
    EmailStatus Status,
    string? Reason,
    RecipientState State,
    Delivery? Delivery,
    string? ProviderEmailId,
    string? ResumeUrl,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    IReadOnlyList<AttemptShape> Attempts,
    IReadOnlyList<EventShape> Events
)
{
    public static EmailStoryShape Of(EmailShape shape, Campaign email, RecipientTimelineView story)
    {
        var (attempts, events) = RecipientStoryShape.Entries(story);
        return new(
            shape.Id,
            shape.To,
            shape.From,
            shape.Subject,
            email.Html.Length == 0 ? null : email.Html,
            email.Text,
            shape.SenderId,
            shape.Status,
            shape.Reason,
            shape.State,
            shape.Delivery,
            shape.ProviderEmailId,
            shape.ResumeUrl,
            shape.CreatedAt,
            shape.UpdatedAt,
            attempts,
            events
        );
    }
}
