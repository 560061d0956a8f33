using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Senders;
using Ledgerpost.Templates;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>A whole campaign as a program gives it, in one request.</summary>
/// <param name="Name">Null: its subject.</param>
/// <param name="Subject">Null, like the other parts, only in a follow-up: the source's.</param>
/// <param name="ResumeFrom">The Partial campaign whose waiting people it takes over; then it has no audience of its own.</param>
/// <param name="TemplateId">Gives subject and content where the request itself has none; they are copied.</param>
/// <param name="Send">It is launched at once, or, where that cannot be, not made at all.</param>
/// <param name="LeavesOut">As <see cref="LeftOutCampaigns"/> writes it.</param>
/// <param name="ScheduleAt">It is scheduled, or, where that cannot be, not made at all; not together with <paramref name="Send"/>.</param>
public sealed record ComposeRequest(
    string? Name,
    Guid? SenderId,
    string? Subject,
    string? Html,
    string? Text,
    AudienceKind AudienceKind,
    string? AudienceTag,
    Guid? AudienceSegmentId,
    Guid? TemplateId,
    Guid? ResumeFrom,
    bool Send,
    string? LeavesOut = null,
    DateTimeOffset? ScheduleAt = null
);

/// <summary>What became of it. A closed set.</summary>
public abstract record ComposeResult
{
    private ComposeResult() { }

    public sealed record Created(Guid Id) : ComposeResult;

    /// <summary>Made and launched: its content is frozen, and the audience is being taken.</summary>
    public sealed record Launched(Guid Id) : ComposeResult;

    /// <summary>Made, its content frozen; its audience is taken when it is due.</summary>
    public sealed record Scheduled(Guid Id) : ComposeResult;

    public sealed record Invalid(IReadOnlyList<FieldError> Problems) : ComposeResult;

    /// <param name="Problems">Each a sentence; nothing was made.</param>
    public sealed record NotLaunchable(IReadOnlyList<string> Problems) : ComposeResult;

    public sealed record NoSource : ComposeResult;

    /// <summary>Of a follow-up; nothing was made.</summary>
    public sealed record SourceRefused(FollowUpResult Reason) : ComposeResult;
}

/// <summary>
/// Draft, follow-up and launch in one transaction, for programs: a request that is cut off leaves either all of it or
/// nothing, and no draft that nobody asked for.
/// </summary>
public sealed class ComposeCampaign(
    PortalDb db,
    CreateFollowUp followUps,
    LaunchCampaign launch,
    CampaignNotifier notifier
)
{
    public async Task<ComposeResult> ExecuteAsync(Caller caller, ComposeRequest request, CancellationToken cancellation)
    {
        var result = await db.CommandAsync(
            caller,
            request.Send || request.ScheduleAt is not null || request.ResumeFrom is not null
                ? TenantRole.Admin
                : TenantRole.Editor,
            (command, token) => ComposeAsync(command, request, token),
            cancellation
        );
        if (result is ComposeResult.Launched launched)
        {
            // It has happened: whoever asked may go away, the audience is taken all the same.
            await launch.PrepareAsync(caller.TenantId, launched.Id, CancellationToken.None);
        }

        return result;
    }

    /// <summary>Every wrong field of a request that is not carried out, because something else in it is wrong too.</summary>
    /// <param name="db">Of the tenant.</param>
    public static async Task<IReadOnlyList<FieldError>> ProblemsAsync(
        PortalDbContext db,
        ComposeRequest request,
        DateTimeOffset now,
        CancellationToken cancellation
    ) => (await LookAsync(db, request, now, cancellation)).Problems;

    /// <summary>What the request names, the content that comes of it, and every wrong field.</summary>
    private static async Task<(Campaign? Source, DraftContent Content, List<FieldError> Problems)> LookAsync(
        PortalDbContext db,
        ComposeRequest request,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var source = request.ResumeFrom is { } sourceId
            ? await db.Campaigns.Composed().AsNoTracking().SingleOrDefaultAsync(row => row.Id == sourceId, cancellation)
            : null;
        var template = request.TemplateId is { } templateId
            ? await db.Templates.SingleOrDefaultAsync(row => row.Id == templateId, cancellation)
            : null;
        var content = Content(request, template, source);
        List<FieldError> unknown = [];
        if (request.TemplateId is not null && template is null)
        {
            unknown.Add(new FieldError("template_id", "There is no template with this id."));
        }

        if (request.ResumeFrom is not null && source is null)
        {
            unknown.Add(new FieldError("resume_from_campaign_id", "There is no campaign with this id."));
        }

        List<FieldError> problems =
        [
            .. await NewDraft.ProblemsAsync(db, content, before: null, self: null, cancellation),
            .. unknown,
        ];
        if (unknown.Count > 0 && request.Name is null)
        {
            // It would have given the name.
            problems.RemoveAll(problem => problem.Field == "name");
        }

        if (request.ScheduleAt is { } at && ScheduleCampaign.Problem(at, now) is { } wrong)
        {
            problems.Add(wrong);
        }

        return (source, content, problems);
    }

    private async Task<ComposeResult> ComposeAsync(
        CommandContext command,
        ComposeRequest request,
        CancellationToken cancellation
    )
    {
        var (source, content, problems) = await LookAsync(command.Db, request, command.Now, cancellation);
        if (request.ResumeFrom is not null && source is null)
        {
            return new ComposeResult.NoSource();
        }

        if (problems.Count > 0)
        {
            return new ComposeResult.Invalid(problems);
        }

        var draft = NewDraft.Of(command, content);
        var sender = await LaunchCampaign.SenderAsync(command.Db, content.SenderId, cancellation);
        List<string> hindrances =
            request.Send || request.ScheduleAt is not null ? LaunchCampaign.ProblemsOf(draft, sender) : [];
        if (request.Send)
        {
            hindrances.AddRange(await LaunchCampaign.LeftOutProblemsAsync(command.Db, draft.LeavesOut, cancellation));
        }

        if (hindrances.Count > 0)
        {
            return new ComposeResult.NotLaunchable(hindrances);
        }

        if (source is not null)
        {
            return await FollowAsync(command, source.Id, content, request, cancellation);
        }

        if (request.Send && !await LaunchCampaign.Audience(command.Db, draft).AnyAsync(cancellation))
        {
            return new ComposeResult.NotLaunchable(["Nobody is in this audience."]);
        }

        command.Db.Campaigns.Add(draft);
        command.Audit("campaign.created", "campaign", draft.Id.ToString(), draft.Name);
        return await FinishAsync(command, draft, request, cancellation);
    }

    private async Task<ComposeResult> FollowAsync(
        CommandContext command,
        Guid sourceId,
        DraftContent content,
        ComposeRequest request,
        CancellationToken cancellation
    )
    {
        var result = await followUps.CreateAsync(command, sourceId, content.Name, cancellation);
        if (result is not FollowUpResult.Created created)
        {
            return new ComposeResult.SourceRefused(result);
        }

        var draft = await command.Db.Campaigns.SingleAsync(row => row.Id == created.Id, cancellation);
        content.ApplyTo(draft);
        return await FinishAsync(command, draft, request, cancellation);
    }

    private async Task<ComposeResult> FinishAsync(
        CommandContext command,
        Campaign draft,
        ComposeRequest request,
        CancellationToken cancellation
    )
    {
        await command.Db.SaveChangesAsync(cancellation);
        if (request.ScheduleAt is { } at)
        {
            var scheduled = await ScheduleCampaign.ScheduleAsync(
                command,
                draft.Id,
                draft.Version,
                at,
                notifier,
                cancellation
            );
            return scheduled is ScheduleResult.Scheduled
                ? new ComposeResult.Scheduled(draft.Id)
                : throw new InvalidOperationException($"A campaign that could be scheduled could not: {scheduled}.");
        }

        if (!request.Send)
        {
            return new ComposeResult.Created(draft.Id);
        }

        var refused = await LaunchCampaign.FreezeContentAsync(command, draft.Id, draft.Version, cancellation);
        return refused is null
            ? new ComposeResult.Launched(draft.Id)
            // All that can hinder it was looked at above, in this transaction: what is begun is undone.
            : throw new InvalidOperationException($"A campaign that could be launched could not: {refused}.");
    }

    private static DraftContent Content(ComposeRequest request, Template? template, Campaign? source) =>
        new(
            (request.Name ?? (source is null ? request.Subject ?? template?.Name : $"{source.Name}, continued"))?.Trim()
                ?? "",
            request.SenderId ?? source?.SenderId,
            request.Subject ?? template?.Subject ?? source?.Subject ?? "",
            request.Html ?? template?.Html ?? source?.Html ?? "",
            request.AudienceKind,
            request.AudienceTag,
            request.AudienceSegmentId,
            // The text belongs to its HTML: whoever gives one of the two anew gives both.
            Text: request.Text ?? (request.Html is null ? template?.Text ?? source?.Text : null),
            LeavesOut: request.LeavesOut
        );
}
