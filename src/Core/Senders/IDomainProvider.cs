namespace Ledgerpost.Senders;

/// <summary>A DNS record that the provider asks for; names are as the provider gives them.</summary>
/// <param name="Record">What it is for: SPF, DKIM ...</param>
/// <param name="Priority">Only of an MX.</param>
public sealed record DnsRecord(
    string Record,
    string Type,
    string Name,
    string Value,
    string? Ttl,
    int? Priority,
    string? Status
);

/// <summary>A domain as the provider sees it now.</summary>
public sealed record ProviderDomain(string Id, string Name, DomainStatus Status, IReadOnlyList<DnsRecord> Records)
{
    /// <summary>The provider's word for its status where it is none that we know: it verifies nothing, and takes nothing back.</summary>
    public string? NewWord { get; init; }
}

/// <summary>What the provider answered.</summary>
public abstract record DomainAnswer
{
    private DomainAnswer() { }

    public sealed record Known(ProviderDomain Domain) : DomainAnswer;

    /// <summary>Done, and nothing to tell about it.</summary>
    public sealed record Done : DomainAnswer;

    /// <summary>There is no such domain in the account.</summary>
    public sealed record NotFound : DomainAnswer;

    /// <summary>The account has a domain of this name already.</summary>
    public sealed record Exists : DomainAnswer;

    /// <param name="Message">In the provider's words.</param>
    public sealed record Refused(string Message) : DomainAnswer;

    /// <summary>No answer, or none that can be understood: whether it was done is not known.</summary>
    public sealed record NoAnswer : DomainAnswer;
}

/// <summary>
/// The domains of an account: a tenant's own where <c>own</c> names it, else the installation's. No call is repeated by itself.
/// </summary>
public interface IDomainProvider
{
    Task<DomainAnswer> CreateAsync(Guid? own, string name, string region, CancellationToken cancellation);
    Task<DomainAnswer> GetAsync(Guid? own, string id, CancellationToken cancellation);

    /// <summary>Looks through the whole list of the account.</summary>
    Task<DomainAnswer> FindAsync(Guid? own, string name, CancellationToken cancellation);

    /// <summary>Starts a verification, which ends later; ask with <see cref="GetAsync"/>.</summary>
    Task<DomainAnswer> VerifyAsync(Guid? own, string id, CancellationToken cancellation);

    /// <summary>Only of the installation's account: what stands in a tenant's own is the tenant's.</summary>
    Task<DomainAnswer> DeleteAsync(string id, CancellationToken cancellation);
}
