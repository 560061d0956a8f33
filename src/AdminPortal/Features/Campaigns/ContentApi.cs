using AdminPortal.Api;
using Ledgerpost.Campaigns;
using Ledgerpost.Programs;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;

namespace AdminPortal.Features.Campaigns;

/// <summary>What a campaign says, to whom, and what its launch would do.</summary>
internal static class ContentApi
{
    private const ApiScopes Read = ApiScopes.Read | ApiScopes.Send;

    public static void MapContent(this RouteGroupBuilder campaigns)
    {
        campaigns
            .MapGet("/{id:guid}/content", ContentAsync)
            .RequireScope(Read)
            .Shows<ContentShape>("getCampaignContent", "Shows what a campaign says, with its merge fields");
        campaigns
            .MapGet("/{id:guid}/preview", PreviewAsync)
            // Whoever may send may not look at contacts.
            .RequireScope(ApiScopes.Read)
            .Shows<MailPreviewShape>(
                "previewCampaign",
                "Shows the mail as a contact would get it; as a sample without one"
            )
            .Problems(ApiErrors.ValidationFailed, ApiErrors.NotLaunchable);
        campaigns
            .MapGet("/{id:guid}/launch-preview", PreviewLaunchAsync)
            .RequireScope(Read)
            .Shows<LaunchPreviewShape>(
                "previewLaunch",
                "Says whom a launch would mail, who is left out and why, and what stands in its way"
            )
            .Problems(ApiErrors.AlreadyLaunched);
    }

    private static async Task<IResult> ContentAsync(Guid id, ApiCall call, OpenCampaign open) =>
        await open.ExecuteAsync(call.Caller.Scope, id, call.Cancellation) is { } found
            ? TypedResults.Ok(ContentShape.Of(found))
            : ApiErrors.Unknown("campaign");

    private static async Task<IResult> PreviewAsync(
        Guid id,
        ApiCall call,
        OpenCampaign open,
        PreviewCampaign preview,
        ApiQuery<Guid> contact_id
    ) =>
        await open.ExecuteAsync(call.Caller.Scope, id, call.Cancellation) is not { Campaign: var campaign }
            ? ApiErrors.Unknown("campaign")
            : await preview.ExecuteAsync(
                call.Caller.Scope,
                campaign.Subject,
                campaign.Html,
                contact_id.Value,
                call.Cancellation,
                campaign.Text
            ) switch
            {
                PreviewResult.Rendered rendered when rendered.As.ContactId == contact_id.Value => TypedResults.Ok(
                    MailPreviewShape.Of(rendered)
                ),
                // A page shows the sample then; a program would take it for the contact.
                PreviewResult.Rendered => ApiErrors.Unknown("contact"),
                PreviewResult.Fault fault => CampaignAnswers.NotLaunchable([fault.Message]),
                var result => throw new InvalidOperationException($"No such result: {result}."),
            };

    private static async Task<IResult> PreviewLaunchAsync(
        Guid id,
        ApiCall call,
        OpenCampaign open,
        LaunchPreview preview
    ) =>
        await open.ExecuteAsync(call.Caller.Scope, id, call.Cancellation) is not { Audience: var audience }
            ? ApiErrors.Unknown("campaign")
            : await preview.ForetellAsync(call.Caller.Scope, id, call.Cancellation) switch
            {
                LaunchForecast.Foretold foretold => TypedResults.Ok(
                    LaunchPreviewShape.Of(audience, foretold.Preview, foretold.Report)
                ),
                LaunchForecast.AlreadyLaunched launched => ApiErrors.AlreadyLaunched.Say(
                    "There is no launch to look at any more. Read the campaign to see how far it is.",
                    new { id, state = launched.Status }
                ),
                // It was deleted since.
                _ => ApiErrors.Unknown("campaign"),
            };
}

/// <summary>As it was composed; from the launch on, as it was sent.</summary>
/// <param name="From">Who it comes from; null while no sender is chosen.</param>
/// <param name="Text">The plain-text part; null: it is made from the HTML.</param>
internal sealed record ContentShape(string? From, string Subject, string Html, string? Text)
{
    public static ContentShape Of(CampaignView view) =>
        new(view.From, view.Campaign.Subject, view.Campaign.Html, view.Campaign.Text);
}

/// <summary>A mail with its merge fields filled in; its link to unsubscribe leads nowhere.</summary>
/// <param name="ContactId">Null for the sample.</param>
/// <param name="Email">Of the contact, or of the sample.</param>
internal sealed record MailPreviewShape(Guid? ContactId, string Email, string Subject, string Html, string Text)
{
    public static MailPreviewShape Of(PreviewResult.Rendered rendered) =>
        new(rendered.As.ContactId, rendered.As.Email, rendered.Mail.Subject, rendered.Mail.Html, rendered.Mail.Text);
}

/// <param name="From">Empty while no sender is chosen.</param>
/// <param name="Audience">Whom it goes to, as a phrase.</param>
/// <param name="Excluded">Who of the audience would not be mailed.</param>
/// <param name="EstimatedFinish">At the rate that the provider allows now; nothing of it is promised.</param>
/// <param name="MayLaunch">No check is a blocker.</param>
internal sealed record LaunchPreviewShape(
    string From,
    string Audience,
    int WillSend,
    IReadOnlyList<ReasonCount> Excluded,
    DateTimeOffset? EstimatedFinish,
    bool MayLaunch,
    IReadOnlyList<LaunchCheckShape> Checks
)
{
    public static LaunchPreviewShape Of(string audience, LaunchPreviewResult result, PreflightReport report) =>
        new(
            result.From,
            audience,
            result.WillSend,
            [.. result.Excluded.Where(row => row.Count > 0)],
            result.EstimatedFinish,
            report.MayLaunch,
            [.. report.Items.Select(LaunchCheckShape.Of)]
        );
}

/// <param name="Field">Of the campaign, by its name here.</param>
/// <param name="Mend">What to do about it; null when there is nothing to do.</param>
internal sealed record LaunchCheckShape(PreflightSeverity Severity, string Field, string Sentence, string? Mend)
{
    public static LaunchCheckShape Of(PreflightItem item) =>
        new(item.Severity, item.Field == "sender" ? "sender_id" : item.Field, item.Sentence, item.Mend);
}
