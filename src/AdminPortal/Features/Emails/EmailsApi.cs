using AdminPortal.Api;
using AdminPortal.Features.Campaigns;
using Ledgerpost.Campaigns;
using Ledgerpost.Programs;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace AdminPortal.Features.Emails;

/// <summary>Transactional mails: one mail to one address, once.</summary>
internal static class EmailsApi
{
    private const ApiScopes Read = ApiScopes.Read | ApiScopes.Send;

    public static void MapEmailsApi(this IEndpointRouteBuilder api)
    {
        var emails = api.MapGroup("/emails").WithTags("Emails");
        emails
            .MapPost("", SendAsync)
            .RequireScope(ApiScopes.Send)
            .WithMetadata(new RequestSizeLimitAttribute(ApiServices.MaxContentBody))
            .Begins<EmailShape>(
                "sendEmail",
                "Sends one mail to one address; the same request again is answered with its present state (200 once it stands still)",
                sends: true,
                ApiErrors.NotLaunchable,
                ApiErrors.Suppressed
            )
            .Produces<EmailShape>(StatusCodes.Status200OK);
        emails.MapGet("", ListAsync).RequireScope(Read).Lists<EmailShape>("listEmails", "Lists mails, newest first");
        emails
            .MapGet("/{id:guid}", FindAsync)
            .RequireScope(Read)
            .Shows<EmailStoryShape>("getEmail", "Shows a mail with every attempt and event");
        emails
            .MapPost("/{id:guid}/resume", ResumeAsync)
            .RequireScope(ApiScopes.Send)
            .Begins<EmailShape>(
                "resumeEmail",
                "Goes on with a mail whose sending stopped by itself, and sends nothing twice",
                sends: true,
                ApiErrors.NotFound,
                ApiErrors.NotResumable
            )
            .Produces<EmailShape>(StatusCodes.Status200OK);
    }

    private static Task<IResult> SendAsync(
        ApiBody<EmailBody> body,
        ApiCall call,
        SendEmail send,
        EmailAnswers emails
    ) =>
        call.RunAsync(
            (caller, token) => send.ExecuteAsync(caller, body.Value.ToRequest(), token),
            (result, _, _) =>
                Task.FromResult<CommandAnswer>(
                    result switch
                    {
                        SendEmailResult.Posted posted => EmailAnswers.Sent(posted.Id),
                        SendEmailResult.NotSendable not => CampaignAnswers.NotLaunchable([not.Problem]),
                        SendEmailResult.Suppressed suppressed => ApiErrors.Suppressed.Say(
                            "Nothing was sent: the address is on your suppression list. The reason says what put it there.",
                            new { reason = suppressed.Reason }
                        ),
                        SendEmailResult.Invalid invalid => ApiErrors.Fields(invalid.Errors),
                        _ => throw new InvalidOperationException($"No such result: {result}."),
                    }
                ),
            sends: true,
            present: (id, token) => emails.PresentAsync(call.Caller.Scope, id, token)
        );

    private static async Task<Ok<ApiPage<EmailShape>>> ListAsync(
        PageRequest<EmailCursor> page,
        ApiCall call,
        EmailPages pages,
        EmailAnswers emails,
        string? to,
        ApiQuery<EmailStatus> status
    )
    {
        var rows = await pages.ExecuteAsync(
            call.Caller.Scope,
            new EmailListQuery(status.Value, to, page.After, page.Take),
            call.Cancellation
        );
        return TypedResults.Ok(page.Page(rows, row => row.Cursor, emails.Shape));
    }

    private static async Task<IResult> FindAsync(
        Guid id,
        ApiCall call,
        EmailPages pages,
        RecipientTimeline timeline,
        EmailAnswers emails
    ) =>
        await pages.FindAsync(call.Caller.Scope, id, call.Cancellation) is { } found
        && await timeline.ExecuteAsync(
            call.Caller.Scope,
            id,
            found.Recipient.Number,
            call.Cancellation,
            CampaignKind.Email
        )
            is { } story
            ? TypedResults.Ok(EmailStoryShape.Of(emails.Shape(found), found.Email, story))
            : ApiErrors.Unknown("mail");

    private static async Task<IResult> ResumeAsync(
        Guid id,
        ApiCall call,
        EmailPages pages,
        ResumeCampaign resume,
        EmailAnswers emails
    ) =>
        await pages.FindAsync(call.Caller.Scope, id, call.Cancellation) is { Email: var seen }
            ? await call.RunAsync(
                (caller, token) =>
                    resume.ExecuteAsync(caller, id, new ResumeRequest(seen.CurrentRun, IncludeJoined: false), token),
                (result, _, _) =>
                    Task.FromResult<CommandAnswer>(
                        result switch
                        {
                            ResumeResult.Resumed => EmailAnswers.Sent(id),
                            ResumeResult.NotResumable not => ApiErrors.NotResumable.Say(
                                "Nothing was sent: only a mail whose sending stopped by itself can be resumed.",
                                new { id, state = not.Status }
                            ),
                            _ => ApiErrors.Unknown("mail"),
                        }
                    ),
                sends: true,
                present: (sent, token) => emails.PresentAsync(call.Caller.Scope, sent, token)
            )
            : ApiErrors.Unknown("mail");
}
