using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Programs;

/// <summary>Who shows a key.</summary>
public abstract record ProgramIdentity(Guid KeyId, string Name)
{
    public sealed record OfTenant(Guid TenantId, Guid KeyId, string Name, ApiScopes Scopes)
        : ProgramIdentity(KeyId, Name);

    public sealed record Operator(Guid KeyId, string Name) : ProgramIdentity(KeyId, Name);
}

/// <summary>Whose key a token is. One that is unknown and one that was revoked look alike.</summary>
public sealed class FindProgram(PortalDb portal)
{
    /// <summary>So exactly is <see cref="ApiKey.LastUsedAt"/> kept; a write for each request would cost more than the request.</summary>
    private static readonly TimeSpan Exact = TimeSpan.FromMinutes(1);

    public async Task<ProgramIdentity?> ExecuteAsync(string token, CancellationToken cancellation)
    {
        var hash = ApiToken.Hash(token);
        return token.StartsWith(ApiToken.OperatorPrefix, StringComparison.Ordinal)
            ? await OperatorAsync(hash, cancellation)
            : await TenantAsync(hash, cancellation);
    }

    private async Task<ProgramIdentity?> TenantAsync(string hash, CancellationToken cancellation)
    {
        ApiKey? key;
        // A token names no tenant: its row does.
        await using (var db = portal.Read(TenantScope.Installation))
        {
            key = await db.ApiKeys.SingleOrDefaultAsync(
                row =>
                    row.TokenHash == hash
                    && row.RevokedAt == null
                    && db.Tenants.Any(tenant => tenant.Id == row.TenantId && tenant.DeletionBegunAt == null),
                cancellation
            );
        }

        if (key is null)
        {
            return null;
        }

        var now = portal.Time.GetUtcNow();
        if (key.LastUsedAt is not { } used || now - used >= Exact)
        {
            await portal.WriteBesideOthersAsync(
                TenantScope.For(key.TenantId),
                (db, token) =>
                    db
                        .ApiKeys.Where(row => row.TenantId == key.TenantId && row.Id == key.Id)
                        .ExecuteUpdateAsync(set => set.SetProperty(row => row.LastUsedAt, now), token),
                cancellation
            );
        }

        return new ProgramIdentity.OfTenant(key.TenantId, key.Id, key.Name, key.Scopes);
    }

    private async Task<ProgramIdentity?> OperatorAsync(string hash, CancellationToken cancellation)
    {
        OperatorKey? key;
        await using (var db = portal.Read(TenantScope.None))
        {
            key = await db.OperatorKeys.SingleOrDefaultAsync(
                row => row.TokenHash == hash && row.RevokedAt == null,
                cancellation
            );
        }

        if (key is null)
        {
            return null;
        }

        var now = portal.Time.GetUtcNow();
        if (key.LastUsedAt is not { } used || now - used >= Exact)
        {
            await portal.WriteBesideOthersAsync(
                TenantScope.None,
                (db, token) =>
                    db
                        .OperatorKeys.Where(row => row.Id == key.Id)
                        .ExecuteUpdateAsync(set => set.SetProperty(row => row.LastUsedAt, now), token),
                cancellation
            );
        }

        return new ProgramIdentity.Operator(key.Id, key.Name);
    }
}
