using Ledgerpost.Audit;
using Ledgerpost.Data;

namespace Ledgerpost.Tenancy;

/// <summary>
/// The wall before what is read and is not for every member: as for a command (<see cref="Permissions"/>,
/// <see cref="OperatorCommands"/>), and who is denied stands in the log as well.
/// </summary>
public static class ReadDemands
{
    /// <param name="useCase">The class that asks, as the log names it.</param>
    /// <exception cref="AccessDeniedException">The caller has no such role in this tenant.</exception>
    public static Task DemandToReadAsync(
        this PortalDb portal,
        PortalDbContext db,
        Caller caller,
        TenantRole atLeast,
        string useCase,
        CancellationToken cancellation
    ) => portal.NotedAsync(Permissions.DemandAsync(db, caller, atLeast, cancellation), useCase);

    /// <inheritdoc cref="DemandToReadAsync"/>
    /// <exception cref="AccessDeniedException">The caller is not an operator.</exception>
    public static Task DemandOperatorToReadAsync(
        this PortalDb portal,
        PortalDbContext db,
        Actor actor,
        string useCase,
        CancellationToken cancellation
    ) => portal.NotedAsync(OperatorCommands.DemandOperatorAsync(db, actor, cancellation), useCase);

    internal static async Task NotedAsync(this PortalDb portal, Task demand, string useCase)
    {
        try
        {
            await demand;
        }
        catch (AccessDeniedException denied) when (denied.Denial is { } denial)
        {
            await portal.Tally.NoteAsync(Happening.Denied(denial, useCase));
            throw;
        }
    }
}
