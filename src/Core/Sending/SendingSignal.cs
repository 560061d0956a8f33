using Ledgerpost.Data;

namespace Ledgerpost.Sending;

/// <summary>Raised after a launch, a resume, a continue.</summary>
public sealed class SendingSignal : WakeUp;
