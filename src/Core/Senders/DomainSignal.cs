using Ledgerpost.Data;

namespace Ledgerpost.Senders;

/// <summary>Raised when a domain is due to be looked at sooner than planned; and tells whose domains were looked at.</summary>
public sealed class DomainSignal : WakeUp
{
    /// <summary>Called with the tenant, so that its open pages show it.</summary>
    public Action<Guid>? Looked { get; set; }

    internal void Told(Guid tenantId) => Looked?.Invoke(tenantId);
}
