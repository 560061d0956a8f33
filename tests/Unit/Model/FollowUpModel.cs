using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;

namespace UnitTests.Model;

/// <summary>
/// One person in a campaign that the engine stops, and two people at their desks: each may create a follow-up and launch it,
/// each may resume the source. The person has a row in whichever campaign has taken it.
/// </summary>
internal sealed class FollowUpModel(LedgerRules rules) : LedgerModel(rules)
{
    private const int Source = 0;
    private const int Runs = 2;

    public override LedgerState Initial
    {
        get
        {
            var state = default(LedgerState);
            state.Campaigns[Source] = new CampaignRow { Status = CampaignStatus.Sending, Run = 1 };
            Plan(ref state, Source, 1);
            return state;
        }
    }

    protected override int Person(int row) => 0;

    /// <summary>
    /// Some row says what became of the person: a follow-up's, or the source's. Whoever waits in a source that has used up the
    /// model's runs, and that somebody may resume, is visible there.
    /// </summary>
    public override bool IsSettled(LedgerState state) =>
        base.IsSettled(state)
            ? IsKnown(state, 0) || IsKnown(state, 1) || IsKnown(state, 2)
            : state.Campaigns[Source].Status == CampaignStatus.Partial
                && state.Campaigns[Source].Run == Runs
                && state.Rows[Source].State == RecipientState.Pending
                && MayResume(state);

    protected override void AddPeople(LedgerState state, Steps<LedgerState> steps)
    {
        for (var campaign = 0; campaign < 3; campaign++)
        {
            var row = state.Rows[campaign].State;
            if (state.Campaigns[campaign].Status != CampaignStatus.Sending || state.Campaigns[campaign].Run == 0)
            {
                continue;
            }

            if (row is RecipientState.Pending or RecipientState.InDoubt)
            {
                if (campaign == Source)
                {
                    steps.AddFault(
                        Actor.Engine,
                        "stops the source: Partial",
                        At(state, campaign, CampaignStatus.Partial)
                    );
                }
            }
            else
            {
                steps.Add(
                    Actor.Engine,
                    Numbered("finds nobody waiting in campaign #", campaign),
                    At(state, campaign, CampaignStatus.Sent)
                );
            }
        }

        if (state.Campaigns[Source].Status == CampaignStatus.Partial)
        {
            AddResume(state, steps);
            AddCreate(state, Actor.Person, 1, steps);
            AddCreate(state, Actor.Person2, 2, steps);
        }

        AddLaunch(state, Actor.Person, 1, steps);
        AddLaunch(state, Actor.Person2, 2, steps);
    }

    private static bool IsKnown(LedgerState state, int row) =>
        state.Rows[row].State is RecipientState.Accepted or RecipientState.Unknown;

    private static LedgerState At(LedgerState state, int campaign, CampaignStatus status)
    {
        state.Campaigns[campaign].Status = status;
        return state;
    }

    private static bool IsContinuedBy(LedgerState state, int campaign) => state.Campaigns[campaign].Run > 0;

    /// <summary>Nothing continues the source, or what does has come to its end.</summary>
    private static bool MayResume(LedgerState state)
    {
        for (var followUp = 1; followUp < 3; followUp++)
        {
            if (IsContinuedBy(state, followUp) && state.Campaigns[followUp].Status != CampaignStatus.Sent)
            {
                return false;
            }
        }

        return true;
    }

    private static void AddResume(LedgerState state, Steps<LedgerState> steps)
    {
        if (!MayResume(state))
        {
            return;
        }

        if (state.Campaigns[Source].Run == Runs || state.Rows[Source].State != RecipientState.Pending)
        {
            return;
        }

        var next = At(state, Source, CampaignStatus.Sending);
        next.Campaigns[Source].Run++;
        AbandonCleanChunks(ref next, Source);
        if (Plan(ref next, Source, 1))
        {
            steps.Add(Actor.Person, "resumes the source: a new run", next);
        }
    }

    private void AddCreate(LedgerState state, Actor who, int followUp, Steps<LedgerState> steps)
    {
        var continued = IsContinuedBy(state, 1) || IsContinuedBy(state, 2);
        if (IsContinuedBy(state, followUp) || (continued && Rules.OneFollowUp))
        {
            return;
        }

        // By the ledger alone: whoever is pending, or excluded because somebody else's follow-up was to take them.
        var next = At(state, followUp, CampaignStatus.Draft);
        next.Campaigns[followUp].Run = 1;
        AbandonCleanChunks(ref next, Source);
        if (state.Rows[Source].State is RecipientState.Pending or RecipientState.Excluded)
        {
            next.Rows[Source].State = RecipientState.Excluded;
            next.Rows[followUp].State = RecipientState.Pending;
        }

        steps.Add(who, "creates a follow-up, which takes whoever waits", next);
    }

    private static void AddLaunch(LedgerState state, Actor who, int followUp, Steps<LedgerState> steps)
    {
        if (!IsContinuedBy(state, followUp) || state.Campaigns[followUp].Status != CampaignStatus.Draft)
        {
            return;
        }

        // Whoever came back to the source meanwhile goes along.
        var next = At(state, followUp, CampaignStatus.Sending);
        if (state.Rows[Source].State == RecipientState.Pending)
        {
            AbandonCleanChunks(ref next, Source);
            next.Rows[Source].State = RecipientState.Excluded;
            next.Rows[followUp].State = RecipientState.Pending;
        }

        if (next.Rows[followUp].State != RecipientState.Pending || Plan(ref next, followUp, 1 << followUp))
        {
            steps.Add(who, "launches the follow-up", next);
        }
    }
}
