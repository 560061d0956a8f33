using System.Text.Json;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Audit;

/// <summary>What a command works with: its transaction's context, one instant, and the audit log.</summary>
public sealed class CommandContext(PortalDbContext db, Actor actor, DateTimeOffset now, IIds ids)
{
    private readonly List<PendingEntry> _entries = [];

    public PortalDbContext Db => db;
    public Actor Actor => actor;

    /// <summary>As exactly as the database keeps it, so that what is answered now is what is read later.</summary>
    public DateTimeOffset Now { get; } = InstantConverter.FromMicroseconds(InstantConverter.ToMicroseconds(now));

    public IIds Ids => ids;
    public Guid TenantId => db.Scope.TenantId;

    /// <param name="action">The target's kind, a dot, a verb in the past: <c>campaign.launched</c>.</param>
    /// <param name="details">Serialised as JSON; never a secret.</param>
    public void Audit(string action, string targetKind, string targetId, string targetName, object? details = null) =>
        _entries.Add(new PendingEntry(action, targetKind, targetId, targetName, details));

    /// <summary>The command, its audit entries and its record: one transaction, whose caller has been let in.</summary>
    internal async Task<T> RunAsync<T>(
        ICommandRecord? record,
        Func<CommandContext, CancellationToken, Task<T>> work,
        CancellationToken cancellation
    )
    {
        if (record is not null)
        {
            await record.BeginAsync(this, cancellation);
        }

        var result = await work(this, cancellation);
        // Once at the end, so that numbers are taken in the order of commits.
        await AuditLog.AppendAsync(db, TenantId, actor, Now, _entries, cancellation);
        if (record is not null)
        {
            // What the answer shows is read back from this transaction.
            await db.SaveChangesAsync(cancellation);
            await record.CompleteAsync(this, result, cancellation);
        }

        return result;
    }

    internal sealed record PendingEntry(
        string Action,
        string TargetKind,
        string TargetId,
        string TargetName,
        object? Details
    );
}

/// <summary>
/// What a command leaves behind in its own transaction, so that the same one given again is not carried out again
/// (<c>Idempotency-Key</c>).
/// </summary>
public interface ICommandRecord
{
    /// <summary>How long the command waits for another one, which may be the same; for ever when null.</summary>
    TimeSpan? Patience { get; }

    /// <summary>What its caller called the request; null where it was not called anything.</summary>
    RequestName? Name { get; }

    /// <summary>Before anything is done, with the caller let in.</summary>
    /// <exception cref="CommandAnsweredException">It was carried out before; nothing is done.</exception>
    Task BeginAsync(CommandContext command, CancellationToken cancellation);

    /// <summary>After all is saved, before the commit. On PostgreSQL both may run more than once; the last counts.</summary>
    Task CompleteAsync(CommandContext command, object? outcome, CancellationToken cancellation);
}

/// <summary>A request's concrete path and its <c>Idempotency-Key</c>: within one tenant there is one of that name, for good.</summary>
public sealed record RequestName(string Path, string Key);

/// <summary>For the first of a use case's two transactions: a repeat ends there, and the second one writes the record.</summary>
internal sealed class OnlyLookedFor(ICommandRecord record) : ICommandRecord
{
    public TimeSpan? Patience => record.Patience;

    public RequestName? Name => record.Name;

    public Task BeginAsync(CommandContext command, CancellationToken cancellation) =>
        record.BeginAsync(command, cancellation);

    public Task CompleteAsync(CommandContext command, object? outcome, CancellationToken cancellation) =>
        Task.CompletedTask;
}

/// <summary>Ends a command that was carried out before; what it answered then is in the record that threw.</summary>
public sealed class CommandAnsweredException() : Exception("This command was carried out before.");

/// <summary>Appends to a tenant's log inside the caller's transaction.</summary>
public static class AuditLog
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>For the engine, which acts without a command.</summary>
    public static Task AppendAsync(
        PortalDbContext db,
        Guid tenantId,
        Actor actor,
        DateTimeOffset now,
        string action,
        string targetKind,
        string targetId,
        string targetName,
        object? details,
        CancellationToken cancellation
    ) =>
        AppendAsync(
            db,
            tenantId,
            actor,
            now,
            [new CommandContext.PendingEntry(action, targetKind, targetId, targetName, details)],
            cancellation
        );

    internal static async Task AppendAsync(
        PortalDbContext db,
        Guid tenantId,
        Actor actor,
        DateTimeOffset now,
        IReadOnlyList<CommandContext.PendingEntry> entries,
        CancellationToken cancellation
    )
    {
        if (entries.Count == 0)
        {
            return;
        }

        await db.LockLogAsync(tenantId, cancellation);
        // An engine transaction may append twice before it saves.
        var last =
            db.ChangeTracker.Entries<AuditEntry>()
                .Where(entry => entry.State == EntityState.Added && entry.Entity.TenantId == tenantId)
                .Select(entry => entry.Entity)
                .MaxBy(entry => entry.Sequence)
            ?? await db
                .AuditEntries.AsNoTracking()
                .Where(entry => entry.TenantId == tenantId)
                .OrderByDescending(entry => entry.Sequence)
                .FirstOrDefaultAsync(cancellation);
        foreach (var entry in entries)
        {
            var next = new AuditEntry
            {
                TenantId = tenantId,
                Sequence = (last?.Sequence ?? 0) + 1,
                At = now,
                ActorKind = actor.Kind,
                ActorId = actor.UserId,
                ActorName = actor.Name,
                Action = entry.Action,
                TargetKind = entry.TargetKind,
                TargetId = entry.TargetId,
                TargetName = entry.TargetName,
                Details = entry.Details is null ? null : JsonSerializer.Serialize(entry.Details, Json),
                From = actor.From,
                SessionId = actor.SessionId,
                OnBehalfOf = actor.OnBehalfOf,
            };
            last = AuditChain.Seal(db.AuditKeys, last, next);
            db.AuditEntries.Add(last);
        }
    }
}
