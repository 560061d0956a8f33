using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>What keeps the installation from sending, for the operator's page.</summary>
/// <param name="Unknown">Recipients whose fate only a proof or a person settles.</param>
/// <param name="Drafts">Campaigns that are drafts here; after a restore they may have been sent since.</param>
public sealed record HoldView(
    HoldReason Reason,
    DateTimeOffset Since,
    string? Detail,
    DateTimeOffset? BackedUpAt,
    int Unknown,
    int Drafts
);

/// <summary>An operator lets the installation send again, and takes the responsibility that the machine cannot.</summary>
public sealed class ReleaseSending(PortalDb db, StampFile file, SendingSignal signal, SendingOptions? options = null)
{
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<HoldView?> ReadAsync(Actor actor, CancellationToken cancellation)
    {
        await using var context = db.Read(TenantScope.Installation);
        await db.DemandOperatorToReadAsync(context, actor, nameof(ReleaseSending), cancellation);
        var row = await context.Installation.SingleAsync(cancellation);
        return row.Hold is { } reason
            ? new HoldView(
                reason,
                row.HeldSince ?? row.CreatedAt,
                row.HoldDetail,
                row.BackedUpAt,
                await context.Recipients.CountAsync(r => r.State == Recipients.RecipientState.Unknown, cancellation),
                await context.Campaigns.CountAsync(c => c.Status == CampaignStatus.Draft, cancellation)
            )
            : null;
    }

    /// <param name="seen">What the page showed; another hold since then is not released by it.</param>
    /// <param name="older">Mail may have gone out that this database does not know: the unsettled become unknown first.</param>
    /// <returns>False when there was no such hold any more.</returns>
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public async Task<bool> ExecuteAsync(Actor actor, HoldReason seen, bool older, CancellationToken cancellation)
    {
        var known = file.Read();
        var released = await db.OperatorCommandAsync(
            actor,
            async (command, token) =>
            {
                var won = await command
                    .Db.Installation.Where(row => row.Hold == seen)
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(row => row.Hold, (HoldReason?)null)
                                .SetProperty(row => row.ReleasedAt, command.Now),
                        token
                    );
                if (won == 0)
                {
                    return false;
                }

                if (older)
                {
                    var most = (options ?? new SendingOptions()).BatchSize;
                    await HoldSending.RaiseEpochAsync(command.Db, known, command.Now, token);
                    var launched = command.Db.Campaigns.Where(c =>
                        (c.LaunchedAt != null && c.Status != CampaignStatus.Sent)
                        || c.Status == CampaignStatus.Scheduled
                    );
                    await HoldSending.DoubtAsync(command.Db, launched, command.Now, most, token);
                }

                command.Audit(
                    "installation.released",
                    "installation",
                    "1",
                    "this installation",
                    new { reason = seen.ToString(), older }
                );
                return true;
            },
            cancellation
        );
        signal.Raise();
        return released;
    }
}
