using System.Security.Cryptography;
using System.Text;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>The ledger's row for the account that the configured key belongs to; made or found at each start.</summary>
public sealed class EnsureProviderAccount(PortalDb portal, IIds ids)
{
    /// <param name="baseUrl">Without a slash at its end.</param>
    /// <returns>The current account's id.</returns>
    public Task<Guid> ExecuteAsync(string baseUrl, string apiKey, CancellationToken cancellation) =>
        portal.WriteAsync(
            TenantScope.None,
            async (db, ct) =>
            {
                var fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(apiKey)));
                var accounts = await db.ProviderAccounts.ToListAsync(ct);
                var account = accounts.Find(row => row.BaseUrl == baseUrl && row.KeyFingerprint == fingerprint);
                // At most one row is current at any time, also between two statements: first take it from the old one.
                foreach (var old in accounts.Where(row => row.IsCurrent && row != account))
                {
                    old.IsCurrent = false;
                }

                await db.SaveChangesAsync(ct);
                if (account is null)
                {
                    account = new ProviderAccount
                    {
                        Id = ids.New(),
                        BaseUrl = baseUrl,
                        KeyFingerprint = fingerprint,
                        CreatedAt = portal.Time.GetUtcNow(),
                    };
                    db.ProviderAccounts.Add(account);
                }

                account.IsCurrent = true;
                return account.Id;
            },
            cancellation
        );
}
