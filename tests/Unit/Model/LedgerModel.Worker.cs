using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;

namespace UnitTests.Model;

internal abstract partial class LedgerModel
{
    /// <summary>Whether there is a key for that account still.</summary>
    protected virtual bool MayRepeatThrough(LedgerState state, byte account) => account == state.Account;

    /// <summary>Whose worker takes the chunk.</summary>
    protected virtual byte AccountOfClaim(LedgerState state, LedgerChunk chunk) => state.Account;

    private void AddWorker(LedgerState state, int me, Steps<LedgerState> steps)
    {
        if (state.Workers[me].At != At.Idle)
        {
            steps.AddFault(Name(me), "is killed", Killed(state, me));
        }

        switch (state.Workers[me].At)
        {
            case At.Idle:
                for (var chunk = 0; chunk < 5 && state.Chunks[chunk].At != 0; chunk++)
                {
                    AddClaim(state, me, chunk, steps);
                }

                break;
            case At.Claimed:
                AddIntent(state, me, steps);
                break;
            case At.Intended:
                AddPost(state, me, steps);
                break;
            case At.Waiting:
                var next = state;
                Abandon(ref next, me);
                next.Workers[me].At = At.Answered;
                next.Workers[me].Answer = Answer.Nothing;
                steps.AddFault(Name(me), "waits no longer: a timeout", next);
                break;
            case At.Answered:
                AddSettle(state, me, steps);
                break;
        }
    }

    private void AddClaim(LedgerState state, int me, int at, Steps<LedgerState> steps)
    {
        var chunk = state.Chunks[at];
        var campaign = state.Campaigns[chunk.Campaign];
        var free = chunk.State == ChunkState.Planned || (chunk.State == ChunkState.Leased && chunk.LeaseIsOver);
        var due = chunk.InDoubt
            ? campaign.Status is CampaignStatus.Sending or CampaignStatus.Partial
                && !chunk.WindowIsOver
                && (MayRepeatThrough(state, chunk.Account) || !Rules.RepeatAsksForTheAccount)
            : campaign.Status == CampaignStatus.Sending && (chunk.Run == campaign.Run || !Rules.IntentAsksForTheRun);
        if (!free || !due)
        {
            return;
        }

        var next = state;
        var members = chunk.InDoubt ? chunk.Members : Pending(state, at);
        if (members == 0)
        {
            next.Chunks[at].Close(ChunkState.Abandoned);
            steps.Add(Name(me), Numbered("finds nobody left in chunk #", at), next);
            return;
        }

        next.Chunks[at].State = ChunkState.Leased;
        next.Chunks[at].Holder = (byte)(me + 1);
        next.Chunks[at].Marks &= ~Mark.LeaseOver;
        next.Workers[me] = new LedgerWorker
        {
            At = At.Claimed,
            Chunk = (byte)at,
            Members = members,
            Account = AccountOfClaim(state, chunk),
            Clean = !chunk.InDoubt,
        };
        steps.Add(Name(me), Numbered("claims chunk #", at), next);
    }

    private void AddIntent(LedgerState state, int me, Steps<LedgerState> steps)
    {
        var worker = state.Workers[me];
        var chunk = state.Chunks[worker.Chunk];
        var campaign = state.Campaigns[chunk.Campaign];
        var facts = new IntentFacts(
            chunk.State!.Value,
            EpochIsMine: chunk.Holder == me + 1,
            GenerationIsMine: true,
            chunk.InDoubt,
            InstallationIsHeld: false,
            Rules.IntentAsksForTheCampaign ? campaign.Status : CampaignStatus.Sending,
            RunIsCurrent: chunk.Run == campaign.Run || !Rules.IntentAsksForTheRun,
            RunUsesAccount: campaign.RunAccount == worker.Account,
            AccountIsCurrent: chunk.InDoubt
                ? MayRepeatThrough(state, worker.Account)
                : state.Account == worker.Account || !Rules.FirstAsksForTheCurrentAccount,
            SenderIsVerified: !state.Unverified,
            WindowIsOpen: !chunk.WindowIsOver,
            WentThroughAccount: chunk.Account == worker.Account || !Rules.RepeatAsksForTheAccount,
            WentToBaseUrl: true
        );
        var next = state;
        var changed = worker.Clean && Rules.IntentAsksForItsMembers && Pending(state, worker.Chunk) != worker.Members;
        if (changed || !Protocol.MayGoOut(facts))
        {
            Release(ref next, me);
            steps.Add(Name(me), Numbered("is fenced at its intent for chunk #", worker.Chunk), next);
            return;
        }

        if (!chunk.InDoubt)
        {
            next.Chunks[worker.Chunk].Members = worker.Members;
            next.Chunks[worker.Chunk].Account = worker.Account;
            next.Chunks[worker.Chunk].Marks |= Mark.InDoubt;
            for (var row = 0; row < 3; row++)
            {
                if ((worker.Members & (1 << row)) != 0 && next.Rows[row].State == RecipientState.Pending)
                {
                    next.Rows[row].State = RecipientState.InDoubt;
                }
            }
        }

        next.WentOutStopped |=
            campaign.Status != CampaignStatus.Sending && !(campaign.Status == CampaignStatus.Partial && chunk.InDoubt);
        next.BegunWhereLeft |= !chunk.InDoubt && state.Account != worker.Account;
        next.Workers[me].At = At.Intended;
        next.Workers[me].Key = (byte)KeyOf(worker.Chunk, chunk.Generation);
        steps.Add(
            Name(me),
            Numbered(
                chunk.InDoubt ? "writes its intent: a repeat of chunk #" : "writes its intent for chunk #",
                worker.Chunk
            ),
            next
        );
    }

    private void AddPost(LedgerState state, int me, Steps<LedgerState> steps)
    {
        var worker = state.Workers[me];
        var next = state;
        for (var place = 0; place < 2; place++)
        {
            if (state.Air[place].At == Travel.None)
            {
                next.Air[place] = new LedgerRequest
                {
                    At = Travel.OnTheWay,
                    Key = worker.Key,
                    Members = worker.Members,
                    Account = Rules.PostUsesTheIntentsKey ? worker.Account : state.Account,
                    Owner = (byte)(me + 1),
                };
                next.Workers[me].At = At.Waiting;
                Sort(ref next);
                steps.Add(Name(me), Numbered("POSTs chunk #", worker.Chunk), next);
                return;
            }
        }
    }

    private void AddSettle(LedgerState state, int me, Steps<LedgerState> steps)
    {
        var next = state;
        var worker = state.Workers[me];
        int at = worker.Chunk;
        var chunk = state.Chunks[at];
        if (Rules.SettleIsFenced && !Protocol.IsMine(chunk.State!.Value, chunk.Holder == me + 1))
        {
            next.Workers[me] = default;
            steps.Add(Name(me), "has lost the chunk and settles nothing", next);
            return;
        }

        switch (worker.Answer.Proves(worker.Clean))
        {
            case Proof.Accepted:
                next.Workers[me] = default;
                MoveMembers(ref next, at, RecipientState.Accepted);
                next.Chunks[at].Close(ChunkState.Accepted);
                steps.Add(Name(me), Numbered("settles chunk #: accepted", at), next);
                break;
            case Proof.NotAccepted when worker.Answer == Answer.BadContent:
                next.Workers[me] = default;
                Bisect(ref next, at);
                steps.Add(
                    Name(me),
                    Numbered(
                        Count(chunk.Members) == 1
                            ? "settles chunk #: refused"
                            : "settles chunk #: refused, in two halves",
                        at
                    ),
                    next
                );
                break;
            case Proof.NotAccepted:
                next.Workers[me] = default;
                next.Chunks[at].Close(ChunkState.Planned);
                next.Chunks[at].Generation++;
                next.Chunks[at].Run = state.Campaigns[chunk.Campaign].Run;
                Free(ref next, at);
                next.Chunks[at].Members = 0;
                steps.Add(Name(me), Numbered("settles chunk #: nothing was taken, a new key next time", at), next);
                break;
            case Proof.KeyUsed:
                next.Workers[me] = default;
                next.KeysClashed = true;
                MoveMembers(ref next, at, RecipientState.Unknown);
                next.Chunks[at].Close(ChunkState.Unknown);
                steps.Add(Name(me), Numbered("settles chunk #: unknown", at), next);
                break;
            default:
                Release(ref next, me);
                steps.Add(Name(me), Numbered("settles chunk #: nothing is proven, the same again later", at), next);
                break;
        }
    }

    /// <summary>The chunk is over; each half is a chunk of its own, until a bad address is alone.</summary>
    private static void Bisect(ref LedgerState state, int at)
    {
        var members = state.Chunks[at].Members;
        if (Count(members) == 1)
        {
            MoveMembers(ref state, at, RecipientState.Refused);
            state.Chunks[at].Close(ChunkState.Refused);
            return;
        }

        // The larger half first: of three, two and one.
        var second = 1 << (7 - byte.LeadingZeroCount(members));
        state.Chunks[at].Close(ChunkState.Refused);
        Plan(ref state, state.Chunks[at].Campaign, members & ~second);
        Plan(ref state, state.Chunks[at].Campaign, second);
    }

    private static void Release(ref LedgerState state, int me)
    {
        ref var chunk = ref state.Chunks[state.Workers[me].Chunk];
        state.Workers[me] = default;
        if (chunk.State == ChunkState.Leased && chunk.Holder == me + 1)
        {
            chunk.State = ChunkState.Planned;
            chunk.Holder = 0;
            chunk.Marks &= ~Mark.LeaseOver;
        }
    }

    private static LedgerState Killed(LedgerState state, int me)
    {
        Abandon(ref state, me);
        ref var chunk = ref state.Chunks[state.Workers[me].Chunk];
        if (chunk.Holder == me + 1)
        {
            chunk.Holder = 0;
        }

        state.Workers[me] = default;
        return state;
    }

    private static void Abandon(ref LedgerState state, int me)
    {
        for (var i = 0; i < 2; i++)
        {
            if (state.Air[i].Owner == me + 1)
            {
                state.Air[i].Owner = 0;
            }
        }

        Sort(ref state);
    }

    private static Actor Name(int worker) => worker == 0 ? Actor.Worker1 : Actor.Worker2;
}
