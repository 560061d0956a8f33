using Ledgerpost.Audit;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Programs;

/// <summary>Who shows a key.</summary>
/// <param name="MadeBy">Whoever made the key, for whom the program acts; null for an operator's.</param>
public abstract record ProgramIdentity(Guid KeyId, string Name, string? MadeBy)
{
    /// <summary>As the audit log names it.</summary>
    /// <param name="from">The address that it asks from.</param>
    public Actor AsActor(string? from) => new(ActorKind.Program, KeyId, Name, from, OnBehalfOf: MadeBy);

    public sealed record OfTenant(Guid TenantId, Guid KeyId, string Name, string MadeBy, ApiScopes Scopes)
        : ProgramIdentity(KeyId, Name, MadeBy);

    public sealed record Operator(Guid KeyId, string Name) : ProgramIdentity(KeyId, Name, MadeBy: null);
}

/// <summary>
/// Whose key a token is. One that is unknown and one that was revoked look alike. That a key was used stands in the log
/// once a day with how often, and that a revoked one was shown as well.
/// </summary>
public sealed class FindProgram(PortalDb portal)
{
    /// <summary>So exactly is <see cref="ApiKey.LastUsedAt"/> kept; a write for each request would cost more than the request.</summary>
    private static readonly TimeSpan Exact = TimeSpan.FromMinutes(1);

    /// <param name="from">The address that it was shown from.</param>
    public async Task<ProgramIdentity?> ExecuteAsync(string token, string? from, CancellationToken cancellation)
    {
        var hash = ApiToken.Hash(token);
        return token.StartsWith(ApiToken.OperatorPrefix, StringComparison.Ordinal)
            ? await OperatorAsync(hash, from, cancellation)
            : await TenantAsync(hash, from, cancellation);
    }

    private async Task<ProgramIdentity?> TenantAsync(string hash, string? from, CancellationToken cancellation)
    {
        ApiKey? key;
        // A token names no tenant: its row does.
        await using (var db = portal.Read(TenantScope.Installation))
        {
            key = await db.ApiKeys.SingleOrDefaultAsync(
                row =>
                    row.TokenHash == hash
                    && db.Tenants.Any(tenant => tenant.Id == row.TenantId && tenant.DeletionBegunAt == null),
                cancellation
            );
        }

        if (key is null)
        {
            return null;
        }

        var program = new ProgramIdentity.OfTenant(key.TenantId, key.Id, key.Name, key.CreatedBy, key.Scopes);
        if (!await HoldsAsync(program, key.TenantId, "api_key", key.RevokedAt, from))
        {
            return null;
        }

        var now = portal.Time.GetUtcNow();
        if (key.LastUsedAt is not { } used || now - used >= Exact)
        {
            await KeepAsync(
                TenantScope.For(key.TenantId),
                (db, token) =>
                    db
                        .ApiKeys.Where(row => row.TenantId == key.TenantId && row.Id == key.Id)
                        .ExecuteUpdateAsync(set => set.SetProperty(row => row.LastUsedAt, now), token)
            );
        }

        return program;
    }

    private async Task<ProgramIdentity?> OperatorAsync(string hash, string? from, CancellationToken cancellation)
    {
        OperatorKey? key;
        await using (var db = portal.Read(TenantScope.Installation))
        {
            key = await db.OperatorKeys.SingleOrDefaultAsync(row => row.TokenHash == hash, cancellation);
        }

        if (key is null)
        {
            return null;
        }

        var program = new ProgramIdentity.Operator(key.Id, key.Name);
        if (!await HoldsAsync(program, Guid.Empty, "operator_key", key.RevokedAt, from))
        {
            return null;
        }

        var now = portal.Time.GetUtcNow();
        if (key.LastUsedAt is not { } used || now - used >= Exact)
        {
            await KeepAsync(
                TenantScope.Installation,
                (db, token) =>
                    db
                        .OperatorKeys.Where(row => row.Id == key.Id)
                        .ExecuteUpdateAsync(set => set.SetProperty(row => row.LastUsedAt, now), token)
            );
        }

        return program;
    }

    /// <summary>When a key was used is kept if it can be; what it was used for does not depend on it.</summary>
    private async Task KeepAsync(TenantScope scope, Func<PortalDbContext, CancellationToken, Task<int>> change)
    {
        try
        {
            await portal.WriteBesideOthersAsync(scope, change, CancellationToken.None);
        }
        catch (Exception failure)
        {
            portal.Safety.Logger.LogError(failure, "When a key was used last could not be kept.");
        }
    }

    private async Task<bool> HoldsAsync(
        ProgramIdentity program,
        Guid tenantId,
        string kind,
        DateTimeOffset? revokedAt,
        string? from
    )
    {
        var actor = program.AsActor(from);
        await portal.Tally.NoteAsync(
            revokedAt is null ? Happening.KeyUsed(tenantId, actor, kind) : Happening.KeyRefused(tenantId, actor, kind)
        );
        return revokedAt is null;
    }
}
