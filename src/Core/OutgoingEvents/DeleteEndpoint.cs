using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Ledgerpost.Tenancy;

namespace Ledgerpost.OutgoingEvents;

/// <summary>From the commit on nothing is written for it and nothing more goes out; its log goes too, a part at a time.</summary>
public sealed class DeleteEndpoint(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public Task<EndpointOutcome> ExecuteAsync(Caller caller, Guid endpointId, CancellationToken cancellation) =>
        portal.CommandAsync<EndpointOutcome>(
            caller,
            TenantRole.Admin,
            async (command, token) =>
            {
                if (await command.Db.FindEndpointAsync(endpointId, token) is not { } endpoint)
                {
                    return new EndpointOutcome.NotFound();
                }

                endpoint.State = EndpointState.Deleted;
                (endpoint.Secret, endpoint.OldSecret, endpoint.OldSecretUntil) = ("", null, null);
                command.Audit("webhook_endpoint.deleted", "webhook_endpoint", endpoint.Id.ToString(), endpoint.Url);
                return new EndpointOutcome.Deleted();
            },
            cancellation
        );
}

/// <summary>A new secret; the old one signs beside it for a day, so that no delivery is refused while it is put in place.</summary>
public sealed class RotateEndpointSecret(PortalDb portal, EndpointSecrets secrets)
{
    public static readonly TimeSpan Overlap = TimeSpan.FromDays(1);

    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public Task<EndpointOutcome> ExecuteAsync(Caller caller, Guid endpointId, CancellationToken cancellation) =>
        portal.CommandAsync<EndpointOutcome>(
            caller,
            TenantRole.Admin,
            async (command, token) =>
            {
                if (await command.Db.FindEndpointAsync(endpointId, token) is not { } endpoint)
                {
                    return new EndpointOutcome.NotFound();
                }

                var secret = EndpointSecrets.New();
                (endpoint.OldSecret, endpoint.OldSecretUntil) = (endpoint.Secret, command.Now + Overlap);
                endpoint.Secret = secrets.Protect(secret);
                command.Audit(
                    "webhook_endpoint.secret_renewed",
                    "webhook_endpoint",
                    endpoint.Id.ToString(),
                    endpoint.Url
                );
                return new EndpointOutcome.Saved(EndpointRow.Of(endpoint), secret);
            },
            cancellation
        );
}
