namespace Ledgerpost.OutgoingEvents;

/// <summary>The section <c>OutgoingEvents</c>.</summary>
/// <param name="AllowPrivateAddresses">
/// Whether endpoints may lie on this machine, in private networks and on plain http. Only for an installation all of whose
/// tenants may reach what the server reaches.
/// </param>
public sealed record OutgoingEventOptions(bool AllowPrivateAddresses = false);
