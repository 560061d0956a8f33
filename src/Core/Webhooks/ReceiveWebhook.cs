using System.Text;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Microsoft.EntityFrameworkCore;

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
    WebhookSignal signal
)
{
    public async Task<WebhookReceipt> ExecuteAsync(
        string id,
        string timestamp,
        string signatures,
        byte[] body,
        CancellationToken cancellation
    )
    {
        var now = db.Time.GetUtcNow();
        if (
            id.Length is 0 or > 128
            || !WebhookSignature.Verify(endpoint.WebhookSecrets, id, timestamp, signatures, body, now)
        )
        {
            db.Safety.Fired(SafetyMechanism.EventUnsigned);
            return WebhookReceipt.NotOurs;
        }

        var account = await accounts.CurrentAsync(cancellation);
        // Of two that bring the same event at once, the second fails on the key, runs again and finds it.
        var stored = await db.WriteBesideOthersAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                if (await context.WebhookMessages.AnyAsync(m => m.AccountId == account.Id && m.MessageId == id, token))
                {
                    return false;
                }

                context.WebhookMessages.Add(
                    new WebhookMessage
                    {
                        AccountId = account.Id,
                        MessageId = id,
                        Body = Encoding.UTF8.GetString(body),
                        ReceivedAt = now,
                    }
                );
                return true;
            },
            cancellation
        );
        if (!stored)
        {
            return WebhookReceipt.Duplicate;
        }

        signal.Raise();
        return WebhookReceipt.Stored;
    }
}

/// <summary>Raised when an event was stored.</summary>
public sealed class WebhookSignal : WakeUp;
