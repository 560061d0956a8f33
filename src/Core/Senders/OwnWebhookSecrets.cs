using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>One more secret that the tenant's own account may sign events with; those before it go on holding.</summary>
public sealed class AddOwnWebhookSecret(PortalDb portal, ProviderSecrets secrets)
{
    /// <summary>Each is tried for each event.</summary>
    public const int AtMost = 5;

    /// <param name="secret">As typed; never logged, never in the audit log.</param>
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public Task<OwnAccountOutcome> ExecuteAsync(
        Caller caller,
        string? secret,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<OwnAccountOutcome>(
            caller,
            TenantRole.Owner,
            async (command, token) =>
            {
                var own = await command.Db.OwnAccounts.SingleOrDefaultAsync(row => row.IsCurrent, token);
                if (own is null)
                {
                    return new OwnAccountOutcome.NotFound();
                }

                var text = secret?.Trim() ?? "";
                if (!ProviderSecrets.IsWebhookSecret(text))
                {
                    return Wrong(
                        "This is not a signing secret. The provider shows it with the webhook; it begins with whsec_."
                    );
                }

                var kept = await command
                    .Db.OwnWebhookSecrets.Where(row => row.AccountId == own.AccountId && row.EndsAt == null)
                    .ToListAsync(token);
                if (kept.Any(row => secrets.TryRead(command.TenantId, row.Secret) == text))
                {
                    return Wrong("This secret is accepted already.");
                }

                if (kept.Count >= AtMost)
                {
                    return Wrong("Five secrets are accepted at most. Remove one that is not used any more.");
                }

                var row = new OwnWebhookSecret
                {
                    TenantId = command.TenantId,
                    Id = command.Ids.New(),
                    AccountId = own.AccountId,
                    Secret = secrets.Protect(command.TenantId, text),
                    LastFour = ProviderSecrets.LastFour(text),
                    AddedAt = command.Now,
                    AddedBy = command.Actor.Name,
                };
                command.Db.OwnWebhookSecrets.Add(row);
                command.Audit(
                    "webhook_secret.added",
                    "webhook_secret",
                    row.Id.ToString(),
                    "the provider",
                    new { ends_in = row.LastFour }
                );
                return new OwnAccountOutcome.SecretAdded(row.Id);
            },
            cancellation
        );

    private static OwnAccountOutcome.Invalid Wrong(string reason) => new([new FieldError("WebhookSecret", reason)]);
}

/// <summary>From that commit on, events that this secret signed are refused.</summary>
public sealed class RemoveOwnWebhookSecret(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public Task<OwnAccountOutcome> ExecuteAsync(
        Caller caller,
        Guid secretId,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<OwnAccountOutcome>(
            caller,
            TenantRole.Owner,
            async (command, token) =>
            {
                var row = await command.Db.OwnWebhookSecrets.SingleOrDefaultAsync(one => one.Id == secretId, token);
                if (row is null)
                {
                    return new OwnAccountOutcome.NotFound();
                }

                command.Db.OwnWebhookSecrets.Remove(row);
                command.Audit(
                    "webhook_secret.removed",
                    "webhook_secret",
                    secretId.ToString(),
                    "the provider",
                    new { ended_in = row.LastFour }
                );
                return new OwnAccountOutcome.Removed(0);
            },
            cancellation
        );
}
