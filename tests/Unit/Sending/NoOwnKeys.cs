using Ledgerpost.Sending.Provider;

namespace UnitTests.Sending;

/// <summary>No tenant has an account of its own.</summary>
internal sealed class NoOwnKeys : IOwnKeys
{
    public ValueTask<string?> FindAsync(Guid accountId, CancellationToken cancellation) =>
        ValueTask.FromResult<string?>(null);
}
