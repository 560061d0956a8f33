using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.OutgoingEvents;

/// <summary>Events are written for it from the commit on, and not those of before.</summary>
public sealed class CreateEndpoint(PortalDb portal, EndpointSecrets secrets, OutgoingEventOptions options)
{
    /// <summary>Of one tenant.</summary>
    public const int MaxEndpoints = 10;

    private const int Slots = 256;

    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public Task<EndpointOutcome> ExecuteAsync(Caller caller, EndpointInput input, CancellationToken cancellation) =>
        portal.CommandAsync<EndpointOutcome>(
            caller,
            TenantRole.Admin,
            async (command, token) =>
            {
                if (input.Problems(options) is { Count: > 0 } problems)
                {
                    return new EndpointOutcome.Invalid(problems);
                }

                var there = await command
                    .Db.EventEndpoints.Select(row => new { row.Slot, row.State })
                    .ToListAsync(token);
                if (there.Count(row => row.State != EndpointState.Deleted) >= MaxEndpoints || there.Count >= Slots)
                {
                    return new EndpointOutcome.Invalid([
                        new FieldError(
                            nameof(input.Url),
                            $"There are {MaxEndpoints} endpoints already, and more are not kept. Delete one first."
                        ),
                    ]);
                }

                var secret = EndpointSecrets.New();
                var endpoint = new EventEndpoint
                {
                    TenantId = command.TenantId,
                    Id = command.Ids.New(),
                    Slot = Enumerable.Range(0, Slots).Except(there.Select(row => row.Slot)).First(),
                    Url = input.Url!,
                    Events = input.Mask,
                    State = input.Enabled == false ? EndpointState.Disabled : EndpointState.Enabled,
                    DisabledReason = input.Enabled == false ? DisabledReason.Person : null,
                    DisabledAt = input.Enabled == false ? command.Now : null,
                    Secret = secrets.Protect(secret),
                    CreatedBy = command.Actor.Name,
                    CreatedAt = command.Now,
                };
                command.Db.EventEndpoints.Add(endpoint);
                command.Audit(
                    "webhook_endpoint.created",
                    "webhook_endpoint",
                    endpoint.Id.ToString(),
                    endpoint.Url,
                    new { input.Events }
                );
                return new EndpointOutcome.Saved(EndpointRow.Of(endpoint), secret);
            },
            cancellation
        );
}
