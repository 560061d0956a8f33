using Ledgerpost.Data;

namespace Ledgerpost.Senders;

/// <summary>Raised when a domain is due to be looked at sooner than planned.</summary>
public sealed class DomainSignal : WakeUp;
