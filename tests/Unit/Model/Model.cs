namespace UnitTests.Model;

/// <summary>
/// A small world that holds the protocol and everything that can go wrong with it. A state is a struct of bytes; whatever may
/// happen next in it is a step. Time is kept as ages that stop growing where they stop mattering, so that a world is finite
/// without a last hour.
/// </summary>
internal abstract class Model<TState>
    where TState : unmanaged
{
    public abstract TState Initial { get; }

    public abstract void AddSteps(TState state, Steps<TState> steps);

    /// <returns>What went wrong, in words that a mail's recipient would use; null when nothing did.</returns>
    public abstract string? Violation(TState state);

    /// <summary>Nobody waits any more: each recipient is accepted, refused, excluded, or visible with a reason.</summary>
    public abstract bool IsSettled(TState state);

    /// <summary>What the database and the provider hold, in one line.</summary>
    public abstract string Describe(TState state);
}

internal enum Actor : byte
{
    Worker1,
    Worker2,
    Provider,
    Network,
    Clock,
    Person,
    Person2,
    Engine,
}

/// <summary>Collects what may happen next. Texts are constants: a step is named millions of times and printed a few.</summary>
internal sealed class Steps<TState>
    where TState : unmanaged
{
    public List<(TState Next, Actor Who, string What, bool Fault)> Found { get; } = [];

    public void Add(Actor who, string what, TState next) => Found.Add((next, who, what, false));

    /// <summary>A step that nobody wishes for. That everybody is settled in the end must not depend on one.</summary>
    public void AddFault(Actor who, string what, TState next) => Found.Add((next, who, what, true));
}
