using ResendEmulator.Protocol;

namespace ResendEmulator.Control;

/// <summary>The behaviour that holds now; replaced as a whole, so a reader never sees half a change.</summary>
public sealed class Switches(Behaviour initial)
{
    private volatile Behaviour _current = initial;

    public Behaviour Current
    {
        get => _current;
        set => _current = value;
    }
}
