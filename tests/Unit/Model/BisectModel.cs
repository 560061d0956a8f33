using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;

namespace UnitTests.Model;

/// <summary>
/// A chunk of two or three, some of whose addresses the provider refuses: it is halved until each bad one is alone. Whoever is good
/// gets the mail and whoever is bad is Refused, whatever dies, is lost or is refused for another
/// reason. What stays in doubt when its window ends is Unknown: a refusal on a repeat proves nothing, and is no reason to halve.
/// </summary>
/// <param name="people">3 with one worker, whose dead calls still go on; 2 with two.</param>
/// <param name="bad">The bad ones, as a set.</param>
internal sealed class BisectModel(LedgerRules rules, int people, int bad) : LedgerModel(rules)
{
    public override LedgerState Initial
    {
        get
        {
            var state = default(LedgerState);
            state.Bad = (byte)bad;
            state.Campaigns[0] = new CampaignRow { Status = CampaignStatus.Sending, Run = 1 };
            Plan(ref state, 0, (1 << people) - 1);
            return state;
        }
    }

    protected override int Workers => people == 3 ? 1 : 2;

    protected override bool HasRateLimits => people == 2;

    public override string? Violation(LedgerState state)
    {
        for (var row = 0; row < people; row++)
        {
            if (state.Rows[row].State == RecipientState.Refused && (bad & (1 << row)) == 0)
            {
                return "REFUSED, and the address is good";
            }

            if ((bad & (1 << row)) != 0 && state.Mails[row] > 0)
            {
                return "MAILED, and the address is bad";
            }
        }

        return base.Violation(state);
    }

    protected override void AddPeople(LedgerState state, Steps<LedgerState> steps) { }
}
