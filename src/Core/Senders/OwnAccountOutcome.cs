using Ledgerpost.Contacts;

namespace Ledgerpost.Senders;

/// <summary>What a key proved to be. A closed set.</summary>
public enum KeyProof
{
    /// <summary>The tenant had no own account, or not this one.</summary>
    First,

    /// <summary>The account that was left before, when there was none since: its domains are registered there again.</summary>
    TakenUp,

    /// <summary>Another key of the same account: everything goes on, under way or not.</summary>
    SameAccount,

    /// <summary>Another account: nothing new begins at the old one, and what is in doubt there is repeated there.</summary>
    AnotherAccount,
}

/// <summary>What became of a change to the tenant's own provider account. A closed set.</summary>
public abstract record OwnAccountOutcome
{
    private OwnAccountOutcome() { }

    /// <param name="DomainsMoved">How many domains are registered anew, at the account that holds now.</param>
    public sealed record Saved(KeyProof Proof, int DomainsMoved) : OwnAccountOutcome;

    public sealed record SecretAdded(Guid SecretId) : OwnAccountOutcome;

    /// <summary>Nothing was kept or changed.</summary>
    public sealed record Invalid(IReadOnlyList<FieldError> Errors) : OwnAccountOutcome;

    public sealed record Removed(int DomainsMoved) : OwnAccountOutcome;

    public sealed record NotFound : OwnAccountOutcome;
}

/// <summary>What the provider says to a key that nobody knows yet.</summary>
public enum KeyAnswer
{
    /// <summary>It may do everything that is needed: send, register domains, read.</summary>
    Full,

    /// <summary>It may only send.</summary>
    SendingOnly,

    /// <summary>The provider does not know it, or has locked it.</summary>
    Refused,

    /// <summary>No answer, or none that can be understood.</summary>
    NoAnswer,
}

/// <summary>Asks the provider about a key before it is kept.</summary>
public interface IKeyCheck
{
    Task<KeyAnswer> AskAsync(string baseUrl, string apiKey, CancellationToken cancellation);
}
