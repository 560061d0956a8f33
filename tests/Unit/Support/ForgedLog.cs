using System.Reflection;
using Ledgerpost.Audit;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace UnitTests.Support;

/// <summary>What somebody can do to an audit log who may write its table, and has not its key.</summary>
internal static class ForgedLog
{
    private static readonly MethodInfo Clone = typeof(object).GetMethod(
        "MemberwiseClone",
        BindingFlags.Instance | BindingFlags.NonPublic
    )!;

    /// <summary>As whoever owns the tables may.</summary>
    public static async Task DropTriggersAsync(PortalDb db, string connectionString)
    {
        if (TestDatabase.Provider == DatabaseProvider.PostgreSql)
        {
            await using var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(
                """ALTER TABLE "AuditEntries" DISABLE TRIGGER USER""",
                connection
            );
            await command.ExecuteNonQueryAsync();
            return;
        }

        await db.WriteAsync(
            TenantScope.Installation,
            (context, token) =>
                context.Database.ExecuteSqlAsync(
                    $"""DROP TRIGGER "AuditEntries_unchanged"; DROP TRIGGER "AuditEntries_undeleted";""",
                    token
                ),
            CancellationToken.None
        );
    }

    public static async Task<List<AuditEntry>> ReadAsync(PortalDb portal, TenantScope scope)
    {
        await using var db = portal.Read(scope);
        return await db
            .AuditEntries.Where(entry => entry.TenantId == scope.TenantId)
            .OrderBy(entry => entry.Sequence)
            .ToListAsync();
    }

    /// <summary>Another log in the place of the one that was written.</summary>
    public static Task ReplaceAsync(PortalDb portal, TenantScope scope, IReadOnlyList<AuditEntry> log) =>
        portal.WriteAsync(
            scope,
            async (db, token) =>
            {
                await db.AuditEntries.Where(entry => entry.TenantId == scope.TenantId).ExecuteDeleteAsync(token);
                db.AuditEntries.AddRange(Copy(log));
            },
            CancellationToken.None
        );

    public static List<AuditEntry> Copy(IEnumerable<AuditEntry> log) =>
        [.. log.Select(entry => (AuditEntry)Clone.Invoke(entry, null)!)];

    /// <summary>As entries look that nobody sealed.</summary>
    public static List<AuditEntry> Unsealed(IEnumerable<AuditEntry> log)
    {
        var copy = Copy(log);
        foreach (var entry in copy)
        {
            Set(entry, nameof(AuditEntry.Salt), null);
            Set(entry, nameof(AuditEntry.PersonalHash), null);
            Set(entry, nameof(AuditEntry.KeyId), null);
            Set(entry, nameof(AuditEntry.Hash), null);
        }

        return copy;
    }

    public static void Set(AuditEntry entry, string property, object? value) =>
        typeof(AuditEntry).GetProperty(property)!.SetValue(entry, value);
}
