using AdminPortal.Api;
using Ledgerpost.Programs;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;

namespace AdminPortal.Features.Campaigns;

/// <summary>Who was mailed, page by page and one by one, and the campaign in numbers.</summary>
internal static class LedgerApi
{
    private const ApiScopes Read = ApiScopes.Read | ApiScopes.Send;

    public static void MapLedger(this RouteGroupBuilder campaigns)
    {
        campaigns
            .MapGet("/{id:guid}/recipients", ListAsync)
            .RequireScope(Read)
            .Lists<RecipientShape>("listRecipients", "Lists the ledger in the order of its numbers")
            .Problems(ApiErrors.NotFound);
        campaigns
            .MapGet("/{id:guid}/recipients/{number:int}", FindAsync)
            .RequireScope(Read)
            .Shows<RecipientStoryShape>("getRecipient", "Shows one recipient with every attempt and event");
        campaigns
            .MapGet("/{id:guid}/stats", StatsAsync)
            .RequireScope(Read)
            .Shows<StatsShape>("getCampaignStats", "Shows opens, clicks, runs and the present rate");
    }

    private static async Task<IResult> ListAsync(
        Guid id,
        PageRequest<int> page,
        ApiCall call,
        RecipientList recipients,
        ApiQuery<RecipientState> state
    ) =>
        await recipients.AfterAsync(call.Caller.Scope, id, state.Value, page.After ?? 0, page.Take, call.Cancellation)
            is { } rows
            ? TypedResults.Ok(page.Page(rows, row => row.Number, RecipientShape.Of))
            : ApiErrors.Unknown("campaign");

    private static async Task<IResult> FindAsync(Guid id, int number, ApiCall call, RecipientTimeline timeline) =>
        await timeline.ExecuteAsync(call.Caller.Scope, id, number, call.Cancellation) is { } story
            ? TypedResults.Ok(RecipientStoryShape.Of(story))
            : ApiErrors.NotFound.Say("There is no recipient with this number in a campaign with this id.");

    private static async Task<IResult> StatsAsync(Guid id, ApiCall call, CampaignProgress progress) =>
        await progress.ExecuteAsync(call.Caller.Scope, id, call.Cancellation, looks: true)
            is { Looks: { } looks } snapshot
            ? TypedResults.Ok(StatsShape.Of(snapshot, looks))
            : ApiErrors.Unknown("campaign");
}

/// <param name="Bounce">What kind of bounce; null while nothing bounced.</param>
/// <param name="OpenedAt">The first opening, a machine's too: a scanner's or a privacy proxy's.</param>
/// <param name="OpenedByPersonAt">The first that no machine is known to have made.</param>
/// <param name="Opens">All of them, machines' included.</param>
internal sealed record RecipientShape(
    int Number,
    string Email,
    Guid? ContactId,
    RecipientState State,
    string? Reason,
    Delivery? Delivery,
    BounceType? Bounce,
    DateTimeOffset? OpenedAt,
    DateTimeOffset? OpenedByPersonAt,
    DateTimeOffset? ClickedAt,
    DateTimeOffset? ClickedByPersonAt,
    int Opens,
    int OpensByMachines,
    int Clicks,
    int ClicksByMachines,
    string? ProviderEmailId,
    DateTimeOffset UpdatedAt
)
{
    public static RecipientShape Of(RecipientListItem row) =>
        new(
            row.Number,
            row.Email,
            row.ContactId,
            row.State,
            row.Reason,
            row.Delivery,
            row.Bounce,
            row.OpenedAt,
            row.OpenedByPersonAt,
            row.ClickedAt,
            row.ClickedByPersonAt,
            row.Looks.Opens,
            row.Looks.MachineOpens,
            row.Looks.Clicks,
            row.Looks.MachineClicks,
            row.ProviderEmailId,
            row.UpdatedAt
        );
}

/// <summary>A recipient with its story.</summary>
internal sealed record RecipientStoryShape(
    int Number,
    string Email,
    Guid? ContactId,
    RecipientState State,
    string? Reason,
    Delivery? Delivery,
    BounceType? Bounce,
    DateTimeOffset? OpenedAt,
    DateTimeOffset? OpenedByPersonAt,
    DateTimeOffset? ClickedAt,
    DateTimeOffset? ClickedByPersonAt,
    int Opens,
    int OpensByMachines,
    int Clicks,
    int ClicksByMachines,
    string? ProviderEmailId,
    DateTimeOffset UpdatedAt,
    IReadOnlyList<AttemptShape> Attempts,
    IReadOnlyList<EventShape> Events
)
{
    public static RecipientStoryShape Of(RecipientTimelineView story)
    {
        var row = story.Recipient;
        var (attempts, events) = Entries(story);
        return new(
            row.Number,
            row.Email,
            row.ContactId,
            row.State,
            row.Reason,
            row.Delivery,
            row.Bounce,
            row.OpenedAt,
            row.OpenedByPersonAt,
            row.ClickedAt,
            row.ClickedByPersonAt,
            row.Looks.Opens,
            row.Looks.MachineOpens,
            row.Looks.Clicks,
            row.Looks.MachineClicks,
            row.ProviderEmailId,
            row.UpdatedAt,
            attempts,
            events
        );
    }

    public static (IReadOnlyList<AttemptShape> Attempts, IReadOnlyList<EventShape> Events) Entries(
        RecipientTimelineView story
    ) =>
        (
            [
                .. story
                    .Entries.OfType<TimelineEntry.Attempted>()
                    .Select(entry => new AttemptShape(
                        entry.At,
                        entry.Run,
                        entry.Number,
                        entry.Key,
                        entry.Outcome,
                        entry.HttpStatus,
                        entry.ErrorName,
                        entry.Message,
                        entry.ProviderId
                    )),
            ],
            [
                .. story
                    .Entries.OfType<TimelineEntry.Reported>()
                    .Select(entry => new EventShape(entry.At, entry.Type, entry.Detail)),
            ]
        );
}

/// <summary>One call to the provider of which the recipient was part.</summary>
/// <param name="Outcome">Null while its answer is awaited, and for ever when the process died meanwhile.</param>
internal sealed record AttemptShape(
    DateTimeOffset At,
    int Run,
    int Attempt,
    string ProviderKey,
    AttemptOutcome? Outcome,
    int? HttpStatus,
    string? ErrorName,
    string? Message,
    string? ProviderEmailId
);

/// <summary>What the provider reported.</summary>
internal sealed record EventShape(DateTimeOffset At, string Type, string? Detail);

/// <param name="Opens">All openings of all recipients, machines' included; the counts have each recipient once.</param>
/// <param name="OpensByMachines">Of these, a scanner's or a privacy proxy's.</param>
/// <param name="MailsPerSecond">Of the last minute; null when nothing is being sent.</param>
internal sealed record StatsShape(
    CampaignCounts Counts,
    int Opens,
    int OpensByMachines,
    int Clicks,
    int ClicksByMachines,
    double? MailsPerSecond,
    DateTimeOffset? EstimatedFinish,
    IReadOnlyList<RunShape> Runs
)
{
    public static StatsShape Of(ProgressSnapshot snapshot, LookTotals looks) =>
        new(
            snapshot.Counts,
            looks.Opens,
            looks.MachineOpens,
            looks.Clicks,
            looks.MachineClicks,
            snapshot.MailsPerSecond,
            snapshot.EstimatedFinish,
            [
                .. snapshot.Runs.Select(run => new RunShape(
                    run.Number,
                    run.Kind,
                    run.StartedBy,
                    run.StartedAt,
                    run.Planned,
                    run.Accepted
                )),
            ]
        );
}

internal sealed record RunShape(
    int Number,
    Ledgerpost.Campaigns.RunKind Kind,
    string StartedBy,
    DateTimeOffset StartedAt,
    int Planned,
    int Accepted
);
