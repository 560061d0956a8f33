using System.Text;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;

namespace Ledgerpost.Webhooks;

public enum WebhookReceipt
{
    /// <summary>Durable now; it will be applied.</summary>
    Stored,

    /// <summary>It was here before; nothing was done.</summary>
    Duplicate,

    /// <summary>No secret of ours signed it, or not lately.</summary>
    NotOurs,

    /// <summary>Its account has brought so many that nothing was kept of it; the provider brings it again.</summary>
    TooMany,
}

/// <summary>Takes an event in: verified on the raw body, durable before it is answered, applied afterwards.</summary>
public sealed class ReceiveWebhook(
    PortalDb db,
    ProviderEndpoint endpoint,
    ProviderAccounts accounts,
    OwnWebhooks own,
    EventAllowance allowance,
    WebhookInbox inbox
)
{
    /// <param name="body">As it came over the wire: parsed and written again it would have another signature.</param>
    public async Task<WebhookReceipt> ExecuteAsync(
        string id,
        string timestamp,
        string signatures,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellation
    )
    {
        if (!IsSigned(endpoint.WebhookSecrets, id, timestamp, signatures, body))
        {
            return NotOurs();
        }

        var account = await accounts.CurrentAsync(cancellation);
        return await StoreAsync(account.Id, isOwn: false, id, body, cancellation);
    }

    /// <summary>An event of a tenant's own account: it belongs to the account whose secret verifies it, and can touch nothing else.</summary>
    /// <param name="tenant">The tenant's id or its name in addresses.</param>
    public async Task<WebhookReceipt> ExecuteAsync(
        string tenant,
        string id,
        string timestamp,
        string signatures,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellation
    )
    {
        // What nobody can have signed asks the database nothing, whosever name it brings.
        if (!CouldBeSigned(id, timestamp))
        {
            return NotOurs();
        }

        foreach (var (accountId, secrets) in await own.SecretsAsync(tenant, cancellation))
        {
            if (IsSigned(secrets, id, timestamp, signatures, body))
            {
                return await StoreAsync(accountId, isOwn: true, id, body, cancellation);
            }
        }

        return NotOurs();
    }

    private bool IsSigned(
        IReadOnlyList<string> secrets,
        string id,
        string timestamp,
        string signatures,
        ReadOnlyMemory<byte> body
    ) =>
        CouldBeSigned(id, timestamp)
        && WebhookSignature.Verify(secrets, id, timestamp, signatures, body.Span, db.Time.ShownNow());

    private bool CouldBeSigned(string id, string timestamp) =>
        id.Length is > 0 and <= 128 && WebhookSignature.IsOfNow(timestamp, db.Time.ShownNow());

    private WebhookReceipt NotOurs()
    {
        db.Safety.Fired(SafetyMechanism.EventUnsigned);
        return WebhookReceipt.NotOurs;
    }

    private async Task<WebhookReceipt> StoreAsync(
        Guid accountId,
        bool isOwn,
        string id,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellation
    )
    {
        // After the signature: nobody uses up what is another's.
        if (!await allowance.TakeAsync(accountId, isOwn, body.Length, cancellation))
        {
            return WebhookReceipt.TooMany;
        }

        // PostgreSQL keeps no such character; JSON has none either.
        var text = Encoding.UTF8.GetString(body.Span).Replace('\0', '\uFFFD');
        return await inbox.StoreAsync(accountId, id, text) ? WebhookReceipt.Stored : WebhookReceipt.Duplicate;
    }
}
