using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;

namespace UnitTests.Model;

/// <summary>
/// One recipient, and an installation whose API key is replaced by another account's, and back, at any moment. Neither
/// account has seen the other's keys; a base URL is part of the account here.
/// </summary>
internal class AccountModel(LedgerRules rules) : LedgerModel(rules)
{
    private const int Runs = 3;
    private const int Replacements = 2;

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

    public override bool IsSettled(LedgerState state) =>
        base.IsSettled(state)
        || (state.Campaigns[0].Status == CampaignStatus.Partial && state.Campaigns[0].Run == Runs);

    protected override void AddPeople(LedgerState state, Steps<LedgerState> steps)
    {
        if (state.Replaced < Replacements)
        {
            var next = state;
            Replace(ref next);
            steps.AddFault(Actor.Person, "replaces the API key by another account's", next);
        }

        var campaign = state.Campaigns[0];
        if (campaign.Status == CampaignStatus.Sending && campaign.RunAccount != state.Account)
        {
            var next = state;
            next.Campaigns[0].Status = CampaignStatus.Partial;
            steps.Add(Actor.Engine, "stops the campaign: its account is not the current one", next);
        }

        if (campaign.Status == CampaignStatus.Partial && campaign.Run < Runs)
        {
            var next = state;
            next.Campaigns[0].Status = CampaignStatus.Sending;
            next.Campaigns[0].Run++;
            next.Campaigns[0].RunAccount = state.Account;
            AbandonCleanChunks(ref next, 0);
            if (next.Rows[0].State == RecipientState.Pending)
            {
                Plan(ref next, 0, 1);
            }

            steps.Add(Actor.Person, "resumes: a new run through the current account", next);
        }
    }

    protected virtual void Replace(ref LedgerState state)
    {
        state.Replaced++;
        state.Account = (byte)(1 - state.Account);
    }
}
