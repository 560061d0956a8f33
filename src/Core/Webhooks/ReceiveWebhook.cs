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
}

/// <summary>Takes an event in: verified on the raw body, durable before it is answered, applied afterwards.</summary>
public sealed class ReceiveWebhook(
    PortalDb db,
    ProviderEndpoint endpoint,
    ProviderAccounts accounts,
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
        if (
            id.Length is 0 or > 128
            || !WebhookSignature.Verify(
                endpoint.WebhookSecrets,
                id,
                timestamp,
                signatures,
                body.Span,
                db.Time.GetUtcNow()
            )
        )
        {
            db.Safety.Fired(SafetyMechanism.EventUnsigned);
            return WebhookReceipt.NotOurs;
        }

        var account = await accounts.CurrentAsync(cancellation);
        // PostgreSQL keeps no such character; JSON has none either.
        var text = Encoding.UTF8.GetString(body.Span).Replace('\0', '\uFFFD');
        return await inbox.StoreAsync(account.Id, id, text) ? WebhookReceipt.Stored : WebhookReceipt.Duplicate;
    }
}
