using Ledgerpost.Data;

namespace Ledgerpost.Sending;

/// <summary>Raised after a launch, a resume, a continue, a transactional mail.</summary>
public sealed class SendingSignal : WakeUp
{
    /// <summary>
    /// What the workers of own accounts wait for: raised with this one, and by itself for what goes through an own account,
    /// so that the installation's workers do not look for what is not theirs.
    /// </summary>
    public OwnSendingSignal Own { get; } = new();

    public override void RaiseHere()
    {
        base.RaiseHere();
        Own.RaiseHere();
    }
}

/// <summary>Raised after a transactional mail through a tenant's own account.</summary>
public sealed class OwnSendingSignal : WakeUp;
