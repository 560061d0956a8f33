using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace UnitTests.Model;

/// <param name="States">How many reachable states were looked at.</param>
/// <param name="Violation">Null when all of them hold.</param>
/// <param name="Trace">The shortest way to the violation, one line per step; empty when there is none.</param>
internal sealed record Exploration(int States, string? Violation, IReadOnlyList<string> Trace)
{
    public override string ToString()
    {
        if (Violation is null)
        {
            return $"{States:N0} reachable states, no violation";
        }

        var text = new StringBuilder($"{Violation}, after {States:N0} states and {Trace.Count - 1} steps:");
        foreach (var line in Trace)
        {
            text.AppendLine().Append(line);
        }

        return text.ToString();
    }
}

/// <summary>
/// Looks at every state that a model can reach, breadth first, so that the way to a violation is a shortest one. Afterwards
/// it asks of every state whether, from there on without further faults, everybody can still be settled.
/// </summary>
internal sealed class Explorer<TState>
    where TState : unmanaged
{
    private readonly Model<TState> _model;
    private readonly int _bound;
    private readonly List<(Actor Who, string What)> _texts = [];
    private readonly Dictionary<(Actor, string), ushort> _textNumbers = [];
    private TState[] _states = new TState[1 << 12];
    private int[] _from = new int[1 << 12];
    private ushort[] _by = new ushort[1 << 12];
    private int[] _slots = new int[1 << 13];
    private int _count;

    private Explorer(Model<TState> model, int bound)
    {
        _model = model;
        _bound = bound;
    }

    /// <param name="bound">More states than this are a mistake in the model and no proof: an exception.</param>
    public static Exploration Explore(Model<TState> model, int bound = 20_000_000) =>
        new Explorer<TState>(model, bound).Run();

    private Exploration Run()
    {
        Add(_model.Initial, -1, 0);
        // Faultless steps, reversed later: (from, to) in the order of discovery.
        var edgesFrom = new List<int>();
        var edgesTo = new List<int>();
        var steps = new Steps<TState>();
        for (var at = 0; at < _count; at++)
        {
            if (_model.Violation(_states[at]) is { } violation)
            {
                return new Exploration(at + 1, violation, Trace(at));
            }

            if (_count > _bound)
            {
                throw new InvalidOperationException($"More than {_bound:N0} states: the model has no bound.");
            }

            steps.Found.Clear();
            _model.AddSteps(_states[at], steps);
            foreach (ref readonly var step in CollectionsMarshal.AsSpan(steps.Found))
            {
                var to = Add(step.Next, at, TextNumber(step.Who, step.What));
                if (!step.Fault && to != at)
                {
                    edgesFrom.Add(at);
                    edgesTo.Add(to);
                }
            }
        }

        var lost = FirstThatIsNeverSettled(edgesFrom, edgesTo);
        return lost < 0
            ? new Exploration(_count, null, [])
            : new Exploration(_count, "LEFT OUT: from here nobody ever settles it", Trace(lost));
    }

    /// <summary>Backwards from the settled states over the faultless steps; whatever is not met is a dead end.</summary>
    private int FirstThatIsNeverSettled(List<int> from, List<int> to)
    {
        var start = new int[_count + 1];
        foreach (var target in to)
        {
            start[target + 1]++;
        }

        for (var i = 0; i < _count; i++)
        {
            start[i + 1] += start[i];
        }

        var before = new int[to.Count];
        var next = start[.._count];
        for (var edge = 0; edge < to.Count; edge++)
        {
            before[next[to[edge]]++] = from[edge];
        }

        var met = new bool[_count];
        var waiting = new Queue<int>();
        for (var i = 0; i < _count; i++)
        {
            if (_model.IsSettled(_states[i]))
            {
                met[i] = true;
                waiting.Enqueue(i);
            }
        }

        while (waiting.TryDequeue(out var at))
        {
            for (var i = start[at]; i < start[at + 1]; i++)
            {
                if (!met[before[i]])
                {
                    met[before[i]] = true;
                    waiting.Enqueue(before[i]);
                }
            }
        }

        // The first from which nothing goes on at all tells more than the first that leads there.
        var goesOn = new bool[_count];
        from.ForEach(at => goesOn[at] = true);
        var end = Enumerable.Range(0, _count).FirstOrDefault(at => !met[at] && !goesOn[at], -1);
        return end >= 0 ? end : Array.IndexOf(met, false);
    }

    private List<string> Trace(int at)
    {
        var path = new List<int>();
        for (var i = at; i >= 0; i = _from[i])
        {
            path.Add(i);
        }

        path.Reverse();
        return
        [
            .. path.Select(
                (state, number) =>
                {
                    var what = number == 0 ? "the beginning" : Name(_texts[_by[state]]);
                    return $"{number, 3}. {what, -64} | {_model.Describe(_states[state])}";
                }
            ),
        ];
    }

    private static string Name((Actor Who, string What) step) =>
        step.Who switch
        {
            Actor.Worker1 => "worker 1 ",
            Actor.Worker2 => "worker 2 ",
            Actor.Provider => "the provider ",
            Actor.Network => "the network ",
            Actor.Clock => "time: ",
            Actor.Person => "Ann ",
            Actor.Person2 => "Bob ",
            _ => "the engine ",
        } + step.What;

    private ushort TextNumber(Actor who, string what)
    {
        if (!_textNumbers.TryGetValue((who, what), out var number))
        {
            number = (ushort)_texts.Count;
            _texts.Add((who, what));
            _textNumbers.Add((who, what), number);
        }

        return number;
    }

    private int Add(in TState state, int from, ushort by)
    {
        var mask = _slots.Length - 1;
        var slot = (int)Hash(state) & mask;
        while (_slots[slot] != 0)
        {
            if (AreEqual(_states[_slots[slot] - 1], state))
            {
                return _slots[slot] - 1;
            }

            slot = (slot + 1) & mask;
        }

        if (_count == _states.Length)
        {
            Array.Resize(ref _states, 2 * _count);
            Array.Resize(ref _from, 2 * _count);
            Array.Resize(ref _by, 2 * _count);
        }

        _states[_count] = state;
        _from[_count] = from;
        _by[_count] = by;
        _slots[slot] = ++_count;
        if (2 * _count > _slots.Length)
        {
            Rehash();
        }

        return _count - 1;
    }

    private void Rehash()
    {
        _slots = new int[2 * _slots.Length];
        var mask = _slots.Length - 1;
        for (var i = 0; i < _count; i++)
        {
            var slot = (int)Hash(_states[i]) & mask;
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & mask;
            }

            _slots[slot] = i + 1;
        }
    }

    // A state is whole words of eight bytes, so that comparing and hashing see all of it and nothing else.
    private static ReadOnlySpan<ulong> Words(in TState state) =>
        MemoryMarshal.Cast<TState, ulong>(MemoryMarshal.CreateReadOnlySpan(in state, 1));

    private static bool AreEqual(in TState left, in TState right) => Words(left).SequenceEqual(Words(right));

    private static ulong Hash(in TState state)
    {
        if (Unsafe.SizeOf<TState>() % 8 != 0)
        {
            throw new InvalidOperationException($"{typeof(TState).Name} is not a whole number of words.");
        }

        var hash = 0UL;
        foreach (var word in Words(state))
        {
            hash = (hash ^ word) * 0x9E3779B97F4A7C15;
            hash ^= hash >> 29;
        }

        return hash ^ (hash >> 32);
    }
}
