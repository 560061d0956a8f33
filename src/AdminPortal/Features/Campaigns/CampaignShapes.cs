using System.Text.Json.Serialization;
using AdminPortal.Api;
using AdminPortal.Hosting;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Programs;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;

namespace AdminPortal.Features.Campaigns;

/// <summary>How a campaign is answered.</summary>
internal sealed class CampaignAnswers(PortalOptions portal, CampaignPages pages)
{
    public CampaignShape Shape(CountedCampaign found)
    {
        var campaign = found.Campaign;
        var path = $"{ApiServices.Prefix}/campaigns/{campaign.Id}/resume";
        return new CampaignShape(
            campaign.Id,
            campaign.Name,
            campaign.Subject,
            campaign.Status,
            campaign.StopReason,
            found.Counts,
            campaign.CurrentRun,
            campaign.Status == CampaignStatus.Partial && found.Continuable ? portal.PublicUrl + path : null,
            campaign.SenderId,
            new AudienceShape(
                campaign.AudienceKind == AudienceKind.Segment ? campaign.AudienceSegmentId : null,
                campaign.AudienceKind == AudienceKind.Tag ? campaign.AudienceTag : null,
                LeftOutCampaigns.Read(campaign.LeavesOut)
            ),
            campaign.ContinuesId,
            campaign.ScheduledAt,
            campaign.CreatedAt,
            campaign.FinishedAt
        );
    }

    /// <summary>False for another tenant's, and for a transactional mail.</summary>
    public async Task<bool> IsOneAsync(TenantScope scope, Guid id, CancellationToken cancellation) =>
        await pages.FindAsync(scope, id, cancellation) is not null;

    public async Task<CommandAnswer> CreatedAsync(PortalDbContext db, Guid id, CancellationToken cancellation) =>
        ApiAnswers.Of(
            StatusCodes.Status201Created,
            Shape((await CampaignPages.FindAsync(db, id, cancellation))!),
            $"/campaigns/{id}"
        );

    public async Task<CommandAnswer> ReadAsync(PortalDbContext db, Guid id, CancellationToken cancellation) =>
        ApiAnswers.Of(StatusCodes.Status200OK, Shape((await CampaignPages.FindAsync(db, id, cancellation))!));

    /// <summary>What was sent or resumed; whoever asks again gets its present state.</summary>
    public CommandAnswer Sent(Guid id) => new(StatusCodes.Status202Accepted, Sent: id);

    /// <summary>Of a repeat: 202 while it is on its way; 200 once it stands still, also as partial, and then with where to resume it.</summary>
    public async Task<CommandAnswer> PresentAsync(TenantScope scope, Guid id, CancellationToken cancellation)
    {
        var found = await pages.FindAsync(scope, id, cancellation);
        return found is null
            ? ApiErrors.Unknown("campaign")
            : ApiAnswers.Of(
                found.Campaign.Status is CampaignStatus.Preparing or CampaignStatus.Sending or CampaignStatus.Scheduled
                    ? StatusCodes.Status202Accepted
                    : StatusCodes.Status200OK,
                Shape(found)
            );
    }

    public static ApiProblem NotLaunchable(IEnumerable<string> problems) =>
        ApiErrors.NotLaunchable.Say("Nothing was sent and nothing was made of it.", new { reasons = problems });
}

internal static class CampaignCalls
{
    public static Func<Guid, CancellationToken, Task<CommandAnswer>> PresentAsync(
        this ApiCall call,
        CampaignAnswers campaigns
    ) => (id, token) => campaigns.PresentAsync(call.Caller.Scope, id, token);
}

/// <param name="Reason">Why it stopped by itself; of a partial one, and of a scheduled one that asks instead of being sent.</param>
/// <param name="ScheduleAt">When a scheduled one is sent, or was to be.</param>
/// <param name="Runs">How often it was launched or resumed.</param>
/// <param name="ResumeUrl">Where a partial campaign is resumed; null when it cannot be.</param>
/// <param name="ResumeFromCampaignId">Of a follow-up: the campaign that it continues.</param>
internal sealed record CampaignShape(
    Guid Id,
    string Name,
    string Subject,
    CampaignStatus Status,
    StopReason? Reason,
    LedgerCounts Counts,
    int Runs,
    string? ResumeUrl,
    Guid? SenderId,
    AudienceShape Audience,
    Guid? ResumeFromCampaignId,
    DateTimeOffset? ScheduleAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset? FinishedAt
);

/// <summary>
/// Everyone when neither a segment nor a tag is named. What is not named is not written either, so that an audience that was read
/// can be sent.
/// </summary>
/// <param name="ExcludeRecipientsOf">Ids of campaigns: whoever stands there and is neither refused nor excluded is left out, and said so in the ledger.</param>
internal sealed record AudienceShape(
    [property: NeverNull, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? SegmentId,
    [property: NeverNull, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Tag,
    [property: NeverNull, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        IReadOnlyList<Guid>? ExcludeRecipientsOf = null
)
{
    /// <summary>What is wrong with it, as it was sent.</summary>
    public IEnumerable<FieldError> Problems()
    {
        if (this is { SegmentId: not null, Tag: not null })
        {
            yield return new FieldError(nameof(CampaignBody.Audience), "Name a segment_id or a tag, not both.");
        }

        if (Tag is not null && !Ledgerpost.Contacts.Tag.TryParse(Tag, out _, out var reason))
        {
            yield return new FieldError("audience.tag", reason);
        }
    }

    /// <summary>The tag as contacts have it.</summary>
    public string? TagAsKept() => Ledgerpost.Contacts.Tag.TryParse(Tag, out var kept, out _) ? kept : null;
}

/// <summary>A new campaign.</summary>
/// <param name="Text">The plain-text part; null: it is made from the HTML.</param>
/// <param name="TemplateId">Gives subject and content where there is none here.</param>
/// <param name="Send">It is launched at once, and needs an Idempotency-Key.</param>
/// <param name="ScheduleAt">It is launched by itself then, its content frozen now; needs an Idempotency-Key.</param>
/// <param name="ResumeFromCampaignId">Takes over whoever waits in that partial campaign; then no audience is given, and what is not given is the source's.</param>
internal sealed record CampaignBody(
    string? Name,
    string? Subject,
    string? Html,
    string? Text,
    Guid? TemplateId,
    Guid? SenderId,
    [property: NeverNull] AudienceShape? Audience,
    bool? Send,
    Guid? ResumeFromCampaignId,
    DateTimeOffset? ScheduleAt = null
) : IChecked, ILookedUp
{
    public async Task<IEnumerable<FieldError>> LookUpAsync(BodyLookUp look)
    {
        var problems = await ComposeCampaign.ProblemsAsync(look.Db, ToRequest(), look.Now, look.Cancellation);
        // Where the name comes from the subject, it is the subject that is missing.
        var isNameless =
            Name is null && string.IsNullOrWhiteSpace(Subject) && TemplateId is null && ResumeFromCampaignId is null;
        return CampaignFields.Of(problems.Where(problem => problem.Field != "name" || !isNameless));
    }

    public IEnumerable<FieldError> Check()
    {
        if (ScheduleAt is not null && Send == true)
        {
            yield return new FieldError(nameof(ScheduleAt), "Either send it now or schedule it.");
        }

        if (ResumeFromCampaignId is not null)
        {
            if (Audience is not null)
            {
                yield return new FieldError(
                    nameof(Audience),
                    "A follow-up mails whoever waits in its source; leave the audience out."
                );
            }

            yield break;
        }

        if (string.IsNullOrWhiteSpace(Subject) && TemplateId is null)
        {
            yield return new FieldError(nameof(Subject), "Is required, here or by a template_id.");
        }

        if (string.IsNullOrWhiteSpace(Html) && TemplateId is null)
        {
            yield return new FieldError(nameof(Html), "Is required, here or by a template_id.");
        }

        if (SenderId is null)
        {
            yield return new FieldError(nameof(SenderId), "Is required.");
        }

        if (Audience is null)
        {
            yield return new FieldError(
                nameof(Audience),
                "Is required: {} is everyone, or name a segment_id or a tag."
            );
        }
        else
        {
            foreach (var problem in Audience.Problems())
            {
                yield return problem;
            }
        }
    }

    public ComposeRequest ToRequest() =>
        new(
            Name,
            SenderId,
            Subject,
            Html,
            Text,
            AudienceOf(Audience),
            Audience?.TagAsKept(),
            Audience?.SegmentId,
            TemplateId,
            ResumeFromCampaignId,
            Send == true,
            LeftOutCampaigns.Store(Audience?.ExcludeRecipientsOf),
            ScheduleAt
        );

    public static AudienceKind AudienceOf(AudienceShape? audience) =>
        audience switch
        {
            { SegmentId: not null } => AudienceKind.Segment,
            { Tag: not null } => AudienceKind.Tag,
            _ => AudienceKind.All,
        };
}

/// <summary>What is to change of a draft; what is not sent stays.</summary>
/// <param name="ScheduleAt">Alone: schedules a draft, or changes the time of a scheduled campaign; null makes it a draft again.</param>
internal sealed record CampaignPatch(
    string? Name,
    string? Subject,
    string? Html,
    string? Text,
    Guid? SenderId,
    [property: NeverNull] AudienceShape? Audience,
    DateTimeOffset? ScheduleAt = null
) : ICheckedBySent, ILookedUp
{
    public IEnumerable<FieldError> Check(Func<string, bool> has) =>
        [.. CampaignSchedule.Problems(has), .. Audience?.Problems() ?? []];

    public async Task<IEnumerable<FieldError>> LookUpAsync(BodyLookUp look)
    {
        var problems = await SaveDraft.ProblemsAsync(
            look.Db,
            look.Id ?? Guid.Empty,
            draft => Merge(draft, look.Has),
            look.Cancellation
        );
        var found = CampaignFields.Of(problems.Where(problem => problem.Field != "name" || look.Has("name")));
        return ScheduleAt is { } at && ScheduleCampaign.Problem(at, look.Now) is { } wrong
            ? found.Append(wrong)
            : found;
    }

    /// <param name="draft">As it is kept.</param>
    /// <param name="has">Whether a field was sent, by its name in JSON.</param>
    public DraftContent Merge(DraftContent draft, Func<string, bool> has)
    {
        if (has("audience"))
        {
            draft = draft with
            {
                AudienceKind = CampaignBody.AudienceOf(Audience),
                AudienceTag = Audience?.TagAsKept(),
                AudienceSegmentId = Audience?.SegmentId,
                LeavesOut = LeftOutCampaigns.Store(Audience?.ExcludeRecipientsOf),
            };
        }

        return draft with
        {
            Name = has("name") ? Name ?? "" : draft.Name,
            Subject = has("subject") ? Subject ?? "" : draft.Subject,
            Html = has("html") ? Html ?? "" : draft.Html,
            Text = has("text") ? Text : draft.Text,
            SenderId = has("sender_id") ? SenderId : draft.SenderId,
        };
    }
}

internal static class CampaignFields
{
    /// <summary>A page's field is the sender; a program names its id.</summary>
    public static IEnumerable<FieldError> Of(IEnumerable<FieldError> problems) =>
        problems.Select(problem => problem.Field == "sender" ? problem with { Field = "sender_id" } : problem);
}
