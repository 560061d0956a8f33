using Ledgerpost.Campaigns;
using Ledgerpost.Sending;

namespace UnitTests.Model;

/// <summary>
/// The heart of docs/sending.md: one chunk, two workers, and a provider that forgets keys. Any worker may die or stand still
/// at any point, for any time; any request and any answer may be late, lost or a surprise; the template may be edited. There
/// is no bound on time, crashes, attempts or generations, only on how many requests are in the air at once.
/// </summary>
/// <param name="strict">Also holds the ledger to its words: a pending chunk has no mail out, a key is never used for other bytes.</param>
internal sealed partial class SendModel(SendRules rules, bool strict) : Model<SendState>
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public override SendState Initial => default;

    public override string? Violation(SendState state) =>
        state.Mails > 1 ? "TWO MAILS"
        : state.Chunk.State == ChunkState.Accepted && state.Mails == 0 ? "LOST: accepted, and there is no mail"
        : strict && IsClean(state.Chunk) && state.Mails > 0 ? "PENDING, and the mail is out"
        : strict && HasMismatch(state) ? "OTHER BYTES under a key that was used"
        : null;

    public override bool IsSettled(SendState state) => state.Chunk.State is ChunkState.Accepted or ChunkState.Unknown;

    public override void AddSteps(SendState state, Steps<SendState> steps)
    {
        AddTime(state, steps);
        AddEngine(state, steps);
        AddWorker(state, 0, steps);
        AddWorker(state, 1, steps);
        for (var i = 0; i < 3 && state.Air[i].At != Travel.None; i++)
        {
            AddProvider(state, i, steps);
        }
    }

    private static bool IsClean(ModelChunk chunk) =>
        !chunk.InDoubt && chunk.State is ChunkState.Planned or ChunkState.Leased;

    private static bool HasMismatch(SendState state) =>
        (state.Workers[0].At == At.Answered && state.Workers[0].Answer == Answer.KeyMismatch)
        || (state.Workers[1].At == At.Answered && state.Workers[1].Answer == Answer.KeyMismatch);

    private bool WindowIsOpen(ModelChunk chunk) =>
        !rules.WindowGuard || Protocol.MayRepeatAfter(chunk.Age * Hour, rules.Window * Hour, rules.Margin * Hour);

    private void AddTime(SendState state, Steps<SendState> steps)
    {
        // A request that has been on the network for as long as it may be is taken, answered or lost before time goes on.
        for (var i = 0; i < 3; i++)
        {
            if (state.Air[i].At != Travel.None && state.Air[i].Age >= rules.OnTheNetwork)
            {
                return;
            }
        }

        var next = state;
        if (next.Chunk.InDoubt && next.Chunk.Age < rules.Window)
        {
            next.Chunk.Age++;
        }

        if (next.Chunk.Lease > 0)
        {
            next.Chunk.Lease--;
        }

        for (var i = 0; i < 2; i++)
        {
            if (next.Workers[i].At == At.Intended && next.Workers[i].Age <= rules.IntentToPost)
            {
                next.Workers[i].Age++;
            }
        }

        for (var i = 0; i < 3 && next.Air[i].At != Travel.None; i++)
        {
            next.Air[i].Age++;
        }

        for (var i = 0; i < 4; i++)
        {
            ref var known = ref next.Known[i];
            known =
                known.Since == 0 || known.Since == rules.Window
                    ? default
                    : known with
                    {
                        Since = (byte)(known.Since + 1),
                    };
        }

        steps.Add(Actor.Clock, "an hour passes", next);
    }

    private void AddEngine(SendState state, Steps<SendState> steps)
    {
        if (!state.Edited)
        {
            steps.AddFault(Actor.Person, "edits the template", state with { Edited = true });
        }

        if (rules.TimeSetBack > 0 && !state.WasSetBack && state.Chunk.InDoubt && state.Chunk.Age >= rules.TimeSetBack)
        {
            var next = state;
            next.WasSetBack = true;
            next.Chunk.Age -= (byte)rules.TimeSetBack;
            steps.AddFault(Actor.Person, "sets the clock back", next);
        }

        if (state.Chunk.Lease > 0 && state.Workers[0].At == At.Idle && state.Workers[1].At == At.Idle)
        {
            var next = state;
            next.Chunk.Lease = 0;
            steps.Add(Actor.Engine, "starts again and ends the leases", next);
        }

        if (
            Protocol.IsOver(
                state.Chunk.State,
                state.Chunk.InDoubt,
                leaseIsOver: state.Chunk.Lease == 0,
                WindowIsOpen(state.Chunk),
                sameAccount: true
            )
        )
        {
            var next = state;
            if (rules.UnknownIsNotSentAgain)
            {
                next.Chunk = new ModelChunk { State = ChunkState.Unknown };
                steps.Add(Actor.Engine, "finds the window over: unknown", next);
            }
            else if (StartNextGeneration(ref next))
            {
                steps.Add(Actor.Engine, "finds the window over and plans the chunk again, under a new key", next);
            }
        }
    }

    private void AddProvider(SendState state, int place, Steps<SendState> steps)
    {
        var request = state.Air[place];
        var known = state.Known[request.Key];
        if (request.Owner == 0 && request.At == Travel.OnTheWay)
        {
            steps.AddFault(Actor.Network, "loses the request", Answered(state, place, Answer.Nothing));
        }

        if (known.Since > 0)
        {
            var same = known.Bytes == request.Bytes;
            steps.Add(
                Actor.Provider,
                same ? "knows the key and gives the same ids again" : "knows the key with other bytes: 409 mismatch",
                Answered(state, place, same ? Answer.Ids : Answer.KeyMismatch)
            );
        }
        else if (request.At == Travel.Received)
        {
            var taken = state;
            taken.Mails++;
            taken.Known[request.Key] = new KnownKey { Since = 1, Bytes = request.Bytes };
            steps.Add(Actor.Provider, "takes the mail and answers with its id", Answered(taken, place, Answer.Ids));
            if (request.Owner > 0)
            {
                steps.AddFault(
                    Actor.Provider,
                    "takes the mail; the answer is lost",
                    Answered(taken, place, Answer.Nothing)
                );
                steps.AddFault(
                    Actor.Provider,
                    "takes the mail and answers 503",
                    Answered(taken, place, Answer.Unavailable)
                );
            }
        }
        else if (IsProcessing(state, request.Key))
        {
            steps.Add(
                Actor.Provider,
                "answers 409: a call with this key is running",
                Answered(state, place, Answer.Concurrent)
            );
        }
        else
        {
            var next = state;
            next.Air[place].At = Travel.Received;
            Sort(ref next);
            steps.Add(Actor.Provider, "receives the request", next);
        }

        steps.AddFault(Actor.Provider, "refuses with 429", Answered(state, place, Answer.RateLimited));
        if (request.Owner > 0)
        {
            steps.AddFault(Actor.Provider, "answers 503 and takes nothing", Answered(state, place, Answer.Unavailable));
        }
    }

    private static bool IsProcessing(SendState state, byte key)
    {
        for (var i = 0; i < 3; i++)
        {
            if (state.Air[i].At == Travel.Received && state.Air[i].Key == key)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The request is done; whoever still waits for it has its answer.</summary>
    private static SendState Answered(SendState state, int place, Answer answer)
    {
        var next = state;
        var owner = state.Air[place].Owner;
        next.Air[place] = default;
        Sort(ref next);
        if (owner > 0)
        {
            next.Workers[owner - 1].At = At.Answered;
            next.Workers[owner - 1].Answer = answer;
        }

        return next;
    }

    private static void Sort(ref SendState state) =>
        ((Span<SendRequest>)state.Air).Sort(static (left, right) => left.Order.CompareTo(right.Order));
}
