using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;

namespace UnitTests.Model;

/// <summary>
/// One recipient of a campaign that people pause, continue, cancel and resume at any moment, also against calls in flight,
/// while the engine stops it and the provider's tagged events come early, late or never.
/// </summary>
/// <param name="runs">How often it may be launched and resumed, at most 5.</param>
internal sealed class RunsModel(LedgerRules rules, int runs = 3) : LedgerModel(rules)
{
    public override LedgerState Initial
    {
        get
        {
            var state = default(LedgerState);
            state.Campaigns[0] = new CampaignRow { Status = CampaignStatus.Sending, Run = 1 };
            Plan(ref state, 0, 1);
            return state;
        }
    }

    protected override bool HasEvents => true;

    public override string? Violation(LedgerState state) =>
        base.Violation(state)
        ?? (
            state.Mails[0] == 0 ? null
            : state.Rows[0].State == RecipientState.Excluded ? "EXCLUDED, and the mail is out"
            : state.Rows[0].State == RecipientState.Pending ? "PENDING, and the mail is out"
            : null
        );

    // Whoever waits in a Partial campaign that has used up the model's runs is visible there, with its reason.
    public override bool IsSettled(LedgerState state) =>
        base.IsSettled(state)
        || (state.Campaigns[0].Status == CampaignStatus.Partial && state.Campaigns[0].Run == runs);

    protected override void AddPeople(LedgerState state, Steps<LedgerState> steps)
    {
        AddEvent(state, steps);
        var row = state.Rows[0].State;
        switch (state.Campaigns[0].Status)
        {
            case CampaignStatus.Sending when row is RecipientState.Pending or RecipientState.InDoubt:
                steps.AddFault(Actor.Person, "pauses", At(state, CampaignStatus.Paused));
                steps.AddFault(Actor.Engine, "stops the campaign: Partial", At(state, CampaignStatus.Partial));
                steps.AddFault(Actor.Person, "cancels", Cancelled(state));
                break;
            case CampaignStatus.Sending:
                var done = row == RecipientState.Unknown ? CampaignStatus.Partial : CampaignStatus.Sent;
                steps.Add(Actor.Engine, "finds nobody waiting", At(state, done));
                break;
            case CampaignStatus.Paused:
                steps.Add(Actor.Person, "continues", At(state, CampaignStatus.Sending));
                steps.AddFault(Actor.Person, "cancels", Cancelled(state));
                break;
            case CampaignStatus.Partial:
                steps.AddFault(Actor.Person, "cancels", Cancelled(state));
                if (state.Campaigns[0].Run < runs)
                {
                    steps.Add(Actor.Person, "resumes: a new run", Resumed(state));
                }

                break;
        }
    }

    protected override void Free(ref LedgerState state, int chunk)
    {
        if (state.Campaigns[0].Status == CampaignStatus.Cancelled)
        {
            state.Chunks[chunk].State = ChunkState.Abandoned;
            MoveMembers(ref state, chunk, RecipientState.Excluded);
            return;
        }

        base.Free(ref state, chunk);
    }

    private static LedgerState At(LedgerState state, CampaignStatus status)
    {
        state.Campaigns[0].Status = status;
        return state;
    }

    private LedgerState Resumed(LedgerState state)
    {
        state.Campaigns[0].Status = CampaignStatus.Sending;
        state.Campaigns[0].Run++;
        if (Rules.NewRunAbandonsCleanChunks)
        {
            AbandonCleanChunks(ref state, 0);
        }

        if (state.Rows[0].State == RecipientState.Pending && (state.Rows[0].Chunk == 0 || !Rules.PlannerTakesWhoIsFree))
        {
            Plan(ref state, 0, 1);
        }

        return state;
    }

    private LedgerState Cancelled(LedgerState state)
    {
        state.Campaigns[0].Status = CampaignStatus.Cancelled;
        AbandonCleanChunks(ref state, 0);
        if (
            state.Rows[0].State == RecipientState.Pending
            || (state.Rows[0].State == RecipientState.InDoubt && !Rules.CancelLeavesDoubtAlone)
        )
        {
            state.Rows[0].State = RecipientState.Excluded;
        }

        return state;
    }

    /// <summary>A tagged event proves its batch at once, whether or not a settle ever comes, also of what is unknown.</summary>
    private static void AddEvent(LedgerState state, Steps<LedgerState> steps)
    {
        if (state.ToReport == 0)
        {
            return;
        }

        var next = state;
        next.ToReport = 0;
        var (at, generation) = ((state.ToReport - 1) / 2, (state.ToReport - 1) % 2);
        var chunk = state.Chunks[at];
        if (chunk.Generation == generation && (chunk.InDoubt || chunk.State == ChunkState.Unknown))
        {
            MoveMembers(ref next, at, RecipientState.Accepted);
            next.Chunks[at].Close(ChunkState.Accepted);
        }

        steps.Add(Actor.Provider, "tells of the mail, with its tags", next);
    }
}
