using System.Numerics;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;

namespace UnitTests.Model;

/// <summary>
/// What the sister models share: workers that claim, write intents, POST and settle, any of which may die at any point, and
/// a provider that takes, refuses, loses and remembers. What people do with campaigns is each sister's own.
/// </summary>
internal abstract partial class LedgerModel(LedgerRules rules) : Model<LedgerState>
{
    protected LedgerRules Rules { get; } = rules;

    public override string? Violation(LedgerState state)
    {
        for (var person = 0; person < 3; person++)
        {
            if (state.Mails[person] > 1)
            {
                return "TWO MAILS";
            }
        }

        for (var row = 0; row < 3; row++)
        {
            var mails = state.Mails[Person(row)];
            if (state.Rows[row].State == RecipientState.Accepted && mails == 0)
            {
                return "LOST: accepted, and there is no mail";
            }
        }

        return state.BegunWhereLeft && state.Mails[0] > 0 ? "BEGUN at an account that was left"
            : state.WentOutStopped && state.Mails[0] > 0 ? "MAILED out of a campaign that is not sending"
            : state.KeysClashed ? "LOST: unknown, because its key was used for other people"
            : null;
    }

    public override bool IsSettled(LedgerState state)
    {
        for (var row = 0; row < 3; row++)
        {
            if (state.Rows[row].State is RecipientState.Pending or RecipientState.InDoubt)
            {
                return false;
            }
        }

        return true;
    }

    public override void AddSteps(LedgerState state, Steps<LedgerState> steps)
    {
        for (var chunk = 0; chunk < 5 && state.Chunks[chunk].At != 0; chunk++)
        {
            AddTime(state, chunk, steps);
        }

        for (var worker = 0; worker < Workers; worker++)
        {
            AddWorker(state, worker, steps);
        }

        for (var i = 0; i < 2 && state.Air[i].At != Travel.None; i++)
        {
            AddProvider(state, i, steps);
        }

        AddPeople(state, steps);
    }

    /// <summary>What people and the engine do with campaigns in this sister.</summary>
    protected abstract void AddPeople(LedgerState state, Steps<LedgerState> steps);

    /// <summary>The provider tells of each mail that it took, sooner or later or never.</summary>
    protected virtual bool HasEvents => false;

    protected virtual int Workers => 2;

    protected virtual bool HasRateLimits => true;

    /// <summary>Whose row this is: in a lineage the same person has one in each campaign.</summary>
    protected virtual int Person(int row) => row;

    /// <summary>The generation is over: who was in it is pending again.</summary>
    protected virtual void Free(ref LedgerState state, int chunk) =>
        MoveMembers(ref state, chunk, RecipientState.Pending);

    protected static void MoveMembers(ref LedgerState state, int chunk, RecipientState to)
    {
        for (var row = 0; row < 3; row++)
        {
            if (
                state.Rows[row].Chunk == chunk + 1
                && (state.Chunks[chunk].Members & (1 << row)) != 0
                && state.Rows[row].State is RecipientState.InDoubt or RecipientState.Unknown
            )
            {
                state.Rows[row].State = to;
            }
        }
    }

    /// <summary>Halves that share a key share that of the first.</summary>
    protected int KeyOf(int chunk, int generation) =>
        (2 * (Rules.HalvesHaveTheirOwnKeys || chunk is not (2 or 4) ? chunk : chunk - 1)) + generation;

    /// <summary>Who would go out with it now.</summary>
    protected static byte Pending(LedgerState state, int chunk)
    {
        var members = 0;
        for (var row = 0; row < 3; row++)
        {
            if (state.Rows[row].State == RecipientState.Pending && state.Rows[row].Chunk == chunk + 1)
            {
                members |= 1 << row;
            }
        }

        return (byte)members;
    }

    protected static void AbandonCleanChunks(ref LedgerState state, int campaign)
    {
        for (var chunk = 0; chunk < 5 && state.Chunks[chunk].At != 0; chunk++)
        {
            if (
                state.Chunks[chunk].Campaign == campaign
                && Protocol.IsTakenBack(state.Chunks[chunk].State!.Value, state.Chunks[chunk].InDoubt)
            )
            {
                state.Chunks[chunk].Close(ChunkState.Abandoned);
                for (var row = 0; row < 3; row++)
                {
                    if (state.Rows[row].Chunk == chunk + 1 && state.Rows[row].State == RecipientState.Pending)
                    {
                        state.Rows[row].Chunk = 0;
                    }
                }
            }
        }
    }

    /// <returns>False when the model has no place left for a chunk.</returns>
    protected static bool Plan(ref LedgerState state, int campaign, int rows)
    {
        for (var chunk = 0; chunk < 5; chunk++)
        {
            if (state.Chunks[chunk].At == 0)
            {
                state.Chunks[chunk] = new LedgerChunk
                {
                    State = ChunkState.Planned,
                    Campaign = (byte)campaign,
                    Run = state.Campaigns[campaign].Run,
                };
                for (var row = 0; row < 3; row++)
                {
                    if ((rows & (1 << row)) != 0)
                    {
                        state.Rows[row].State = RecipientState.Pending;
                        state.Rows[row].Chunk = (byte)(chunk + 1);
                    }
                }

                return true;
            }
        }

        return false;
    }

    private void AddTime(LedgerState state, int at, Steps<LedgerState> steps)
    {
        var chunk = state.Chunks[at];
        if (chunk.State == ChunkState.Leased && !chunk.LeaseIsOver)
        {
            var next = state;
            next.Chunks[at].Marks |= Mark.LeaseOver;
            steps.Add(Actor.Clock, Numbered("the lease of chunk # ends", at), next);
        }

        var key = KeyOf(at, chunk.Generation);
        if (chunk.InDoubt && !chunk.WindowIsOver && !IsUnderWay(state, at, key))
        {
            var next = state;
            next.Chunks[at].Marks |= Mark.WindowOver;
            next.Known[key] = 0;
            next.KnownElsewhere[key] = 0;
            steps.Add(Actor.Clock, Numbered("the window of chunk # ends, and the provider forgets its key", at), next);
        }

        var same = !Rules.RepeatAsksForTheAccount || MayRepeatThrough(state, chunk.Account);
        if (Protocol.IsOver(chunk.State!.Value, chunk.InDoubt, chunk.LeaseIsOver, !chunk.WindowIsOver, same))
        {
            var next = state;
            MoveMembers(ref next, at, RecipientState.Unknown);
            next.Chunks[at].Close(ChunkState.Unknown);
            steps.Add(Actor.Engine, Numbered("makes chunk # unknown", at), next);
        }
    }

    // That no request arrives after its window is what SendModel proves.
    private static bool IsUnderWay(LedgerState state, int chunk, int key) =>
        (state.Air[0].At != Travel.None && state.Air[0].Key == key)
        || (state.Air[1].At != Travel.None && state.Air[1].Key == key)
        || (state.Workers[0].At == At.Intended && state.Workers[0].Chunk == chunk)
        || (state.Workers[1].At == At.Intended && state.Workers[1].Chunk == chunk);

    private void AddProvider(LedgerState state, int place, Steps<LedgerState> steps)
    {
        var request = state.Air[place];
        var known = request.Account == 0 ? state.Known[request.Key] : state.KnownElsewhere[request.Key];
        if (request.Owner == 0)
        {
            steps.AddFault(Actor.Network, "loses a request", Answered(state, place, Answer.Nothing));
        }

        if (known != 0)
        {
            var same = known == request.Members;
            steps.Add(
                Actor.Provider,
                same ? "knows the key and gives the same ids again" : "knows the key with other bytes: 409 mismatch",
                Answered(state, place, same ? Answer.Ids : Answer.KeyMismatch)
            );
        }
        else if ((request.Members & state.Bad) != 0)
        {
            steps.Add(Actor.Provider, "refuses the content with 422", Answered(state, place, Answer.BadContent));
        }
        else
        {
            var taken = state;
            for (var row = 0; row < 3; row++)
            {
                taken.Mails[Person(row)] += (byte)((request.Members >> row) & 1);
            }

            (request.Account == 0 ? ref taken.Known : ref taken.KnownElsewhere)[request.Key] = request.Members;
            if (HasEvents)
            {
                taken.ToReport = (byte)(request.Key + 1);
            }

            steps.Add(Actor.Provider, "takes the mails and answers with their ids", Answered(taken, place, Answer.Ids));
            if (request.Owner > 0)
            {
                steps.AddFault(
                    Actor.Provider,
                    "takes the mails; the answer is lost",
                    Answered(taken, place, Answer.Nothing)
                );
            }
        }

        if (HasRateLimits && request.Key % 2 == 0)
        {
            steps.AddFault(Actor.Provider, "refuses with 429", Answered(state, place, Answer.RateLimited));
        }
    }

    private static LedgerState Answered(LedgerState state, int place, Answer answer)
    {
        var owner = state.Air[place].Owner;
        state.Air[place] = default;
        Sort(ref state);
        if (owner > 0)
        {
            state.Workers[owner - 1].At = At.Answered;
            state.Workers[owner - 1].Answer = answer;
        }

        return state;
    }

    private static void Sort(ref LedgerState state) =>
        ((Span<LedgerRequest>)state.Air).Sort(static (left, right) => left.Order.CompareTo(right.Order));

    protected static int Count(int rows) => BitOperations.PopCount((uint)rows);

    // The same text for the same chunk, so that a step is named without making a new string.
    protected static string Numbered(string text, int chunk)
    {
        if (!Texts.TryGetValue((text, chunk), out var found))
        {
            found = text.Replace("#", $"{chunk + 1}", StringComparison.Ordinal);
            Texts[(text, chunk)] = found;
        }

        return found;
    }

    private static System.Collections.Concurrent.ConcurrentDictionary<(string, int), string> Texts { get; } = new();
}
