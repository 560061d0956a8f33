using Ledgerpost.Campaigns;
using Ledgerpost.Sending;

namespace UnitTests.Model;

internal sealed partial class SendModel
{
    private void AddWorker(SendState state, int me, Steps<SendState> steps)
    {
        if (state.Workers[me].At != At.Idle)
        {
            steps.AddFault(Name(me), "is killed", Killed(state, me));
        }

        switch (state.Workers[me].At)
        {
            case At.Idle:
                AddClaim(state, me, steps);
                break;
            case At.Claimed when rules.IntentBeforePost:
                AddIntent(state, me, steps);
                break;
            case At.Claimed:
                var ready = state;
                ready.Workers[me] = new SendWorker
                {
                    At = At.Intended,
                    Key = state.Chunk.Key,
                    Clean = true,
                };
                steps.Add(Name(me), "writes nothing down", ready);
                break;
            case At.Intended:
                AddPost(state, me, steps);
                break;
            case At.Waiting:
                AddGivingUp(state, me, steps);
                break;
            case At.Answered:
                AddSettle(state, me, steps);
                break;
        }
    }

    private void AddClaim(SendState state, int me, Steps<SendState> steps)
    {
        var chunk = state.Chunk;
        var free = chunk.State == ChunkState.Planned || (chunk.State == ChunkState.Leased && chunk.Lease == 0);
        if (!free || (chunk.InDoubt && !WindowIsOpen(chunk)))
        {
            return;
        }

        var next = state;
        next.Chunk.State = ChunkState.Leased;
        next.Chunk.Holder = (byte)(me + 1);
        next.Chunk.Lease = (byte)rules.Lease;
        next.Workers[me].At = At.Claimed;
        steps.Add(Name(me), "claims the chunk", next);
    }

    private void AddIntent(SendState state, int me, Steps<SendState> steps)
    {
        var chunk = state.Chunk;
        var next = state;
        var facts = new IntentFacts(
            chunk.State,
            EpochIsMine: chunk.Holder == me + 1,
            GenerationIsMine: true,
            chunk.InDoubt,
            InstallationIsHeld: false,
            CampaignStatus.Sending,
            RunIsCurrent: true,
            RunUsesAccount: true,
            AccountIsCurrent: true,
            SenderIsVerified: true,
            WindowIsOpen: !rules.IntentAsksForTheWindow || WindowIsOpen(chunk),
            WentThroughAccount: true,
            WentToBaseUrl: true
        );
        if (!Protocol.MayGoOut(facts))
        {
            Release(ref next, me);
            steps.Add(Name(me), "is fenced at its intent", next);
            return;
        }

        if (!chunk.InDoubt || !rules.WindowFromTheFirstAttempt)
        {
            next.Chunk.Age = 0;
        }

        if (chunk.Frozen == 0 || !rules.FrozenBytes)
        {
            next.Chunk.Frozen = (byte)(state.Edited ? 2 : 1);
        }

        if (!rules.StableKey)
        {
            next.Chunk.Key = (byte)Math.Min(chunk.Key + (chunk.InDoubt ? 1 : 0), 3);
        }

        next.Chunk.InDoubt = true;
        next.Workers[me] = new SendWorker
        {
            At = At.Intended,
            Key = next.Chunk.Key,
            Bytes = (byte)(next.Chunk.Frozen - 1),
            Clean = !chunk.InDoubt,
        };
        steps.Add(Name(me), chunk.InDoubt ? "writes its intent: a repeat" : "writes its intent: the first", next);
    }

    private void AddPost(SendState state, int me, Steps<SendState> steps)
    {
        var worker = state.Workers[me];
        var next = state;
        if (rules.LastCheckAtTheSocket && worker.Age > rules.IntentToPost)
        {
            next.Workers[me].At = At.Answered;
            next.Workers[me].Answer = Answer.TooLate;
            steps.Add(Name(me), "is too late and writes no body", next);
            return;
        }

        for (var place = 0; place < rules.InTheAir; place++)
        {
            if (state.Air[place].At == Travel.None)
            {
                next.Air[place] = new SendRequest
                {
                    At = Travel.OnTheWay,
                    Key = worker.Key,
                    Bytes = worker.Bytes,
                    Owner = (byte)(me + 1),
                };
                next.Workers[me].At = At.Waiting;
                next.Workers[me].Age = 0;
                Sort(ref next);
                steps.Add(Name(me), worker.Clean ? "POSTs" : "POSTs again", next);
                return;
            }
        }
    }

    private static void AddGivingUp(SendState state, int me, Steps<SendState> steps)
    {
        var next = state;
        Abandon(ref next, me);
        next.Workers[me].At = At.Answered;
        next.Workers[me].Answer = Answer.Nothing;
        steps.AddFault(Name(me), "waits no longer: a timeout", next);
    }

    private void AddSettle(SendState state, int me, Steps<SendState> steps)
    {
        var next = state;
        var worker = state.Workers[me];
        if (rules.SettleIsFenced && !Protocol.IsMine(state.Chunk.State, state.Chunk.Holder == me + 1))
        {
            next.Workers[me] = default;
            steps.Add(Name(me), "has lost the chunk and settles nothing", next);
            return;
        }

        switch (Proves(worker))
        {
            case Proof.Accepted:
                next.Workers[me] = default;
                next.Chunk = new ModelChunk { State = ChunkState.Accepted };
                steps.Add(Name(me), "settles: accepted", next);
                break;
            case Proof.NotAccepted:
                next.Workers[me] = default;
                if (StartNextGeneration(ref next))
                {
                    steps.Add(Name(me), "settles: nothing was taken, a new key next time", next);
                }

                break;
            case Proof.KeyUsed when rules.MismatchMeansUsed:
                next.Workers[me] = default;
                next.Chunk = new ModelChunk { State = ChunkState.Unknown };
                steps.Add(Name(me), "settles: unknown", next);
                break;
            case Proof.KeyUsed:
                next.Workers[me] = default;
                if (StartNextGeneration(ref next))
                {
                    steps.Add(Name(me), "takes another key", next);
                }

                break;
            default:
                Release(ref next, me);
                steps.Add(Name(me), "settles: nothing is proven, the same again later", next);
                break;
        }
    }

    private Proof Proves(SendWorker worker)
    {
        if (worker.Answer == Answer.Unavailable && !rules.UnavailableProvesNothing)
        {
            return worker.Clean ? Proof.NotAccepted : Proof.Nothing;
        }

        return worker.Answer.Proves(worker.Clean || !rules.RefusalOfARepeatProvesNothing);
    }

    /// <summary>The worker is done; what is still its own waits for the next claim, in doubt or not.</summary>
    private static void Release(ref SendState state, int me)
    {
        state.Workers[me] = default;
        if (state.Chunk.State == ChunkState.Leased && state.Chunk.Holder == me + 1)
        {
            state.Chunk.State = ChunkState.Planned;
            state.Chunk.Holder = 0;
            state.Chunk.Lease = 0;
        }
    }

    private static SendState Killed(SendState state, int me)
    {
        var next = state;
        Abandon(ref next, me);
        next.Workers[me] = default;
        if (next.Chunk.Holder == me + 1)
        {
            next.Chunk.Holder = 0;
        }

        return next;
    }

    /// <summary>Nobody waits for its request any more; the request itself goes on.</summary>
    private static void Abandon(ref SendState state, int me)
    {
        for (var i = 0; i < 3; i++)
        {
            if (state.Air[i].Owner == me + 1)
            {
                state.Air[i].Owner = 0;
            }
        }

        Sort(ref state);
    }

    /// <returns>False when the model has run out of keys, which only broken rules bring about.</returns>
    private static bool StartNextGeneration(ref SendState state)
    {
        for (byte key = 0; key < 4; key++)
        {
            if (key != state.Chunk.Key && !IsRemembered(state, key))
            {
                state.Chunk = new ModelChunk { State = ChunkState.Planned, Key = key };
                return true;
            }
        }

        return false;
    }

    /// <summary>A key that no request, no worker and no memory of the provider's holds is as good as a new one.</summary>
    private static bool IsRemembered(SendState state, byte key)
    {
        for (var i = 0; i < 3; i++)
        {
            if (state.Air[i].At != Travel.None && state.Air[i].Key == key)
            {
                return true;
            }
        }

        return state.Known[key].Since > 0
            || (state.Workers[0].At >= At.Intended && state.Workers[0].Key == key)
            || (state.Workers[1].At >= At.Intended && state.Workers[1].Key == key);
    }

    private static Actor Name(int worker) => worker == 0 ? Actor.Worker1 : Actor.Worker2;
}
