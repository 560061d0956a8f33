namespace UnitTests.Model;

/// <summary>
/// The same of a tenant's own accounts: whoever enters another account's key, and the first one's again, keeps the key that was
/// left for what is in doubt there, and the sender's domain has to be verified at the account that holds now.
/// </summary>
internal sealed class OwnAccountModel(LedgerRules rules) : AccountModel(rules)
{
    protected override bool MayRepeatThrough(LedgerState state, byte account) => (state.Keyless & (1 << account)) == 0;

    // Each account has workers of its own.
    protected override byte AccountOfClaim(LedgerState state, LedgerChunk chunk) =>
        chunk.InDoubt ? chunk.Account : state.Campaigns[chunk.Campaign].RunAccount;

    protected override void AddPeople(LedgerState state, Steps<LedgerState> steps)
    {
        base.AddPeople(state, steps);
        if (state.Unverified)
        {
            var next = state;
            next.Unverified = false;
            steps.Add(Actor.Provider, "verifies the domain at the account that holds now", next);
        }

        var left = (byte)(1 - state.Account);
        if (state.Replaced > 0 && MayRepeatThrough(state, left))
        {
            var next = state;
            next.Keyless |= (byte)(1 << left);
            if (IsInDoubtAt(state, left))
            {
                steps.AddFault(Actor.Engine, "cannot read the key of the account that was left any more", next);
            }
            else
            {
                steps.Add(
                    Actor.Engine,
                    "forgets the key of the account that was left: nothing is in doubt there",
                    next
                );
            }
        }
    }

    protected override void Replace(ref LedgerState state)
    {
        base.Replace(ref state);
        state.Keyless &= (byte)~(1 << state.Account);
        state.Unverified = true;
    }

    private static bool IsInDoubtAt(LedgerState state, byte account)
    {
        for (var chunk = 0; chunk < 5; chunk++)
        {
            if (state.Chunks[chunk].InDoubt && state.Chunks[chunk].Account == account)
            {
                return true;
            }
        }

        return false;
    }
}
