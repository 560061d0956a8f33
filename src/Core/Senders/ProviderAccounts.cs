using System.Security.Cryptography;
using System.Text;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>The account that the installation sends through now, or a tenant's own.</summary>
public sealed record CurrentAccount(Guid Id, string BaseUrl)
{
    /// <summary>The tenant whose own it is; null for the installation's.</summary>
    public Guid? OwnerId { get; init; }
}

/// <summary>Whose calls a worker makes: the installation's, or one own account's.</summary>
public interface ISendingAccount
{
    Task<CurrentAccount> CurrentAsync(CancellationToken cancellation);
}

/// <summary>A tenant's own account.</summary>
public sealed class SendingThrough(CurrentAccount account) : ISendingAccount
{
    public Task<CurrentAccount> CurrentAsync(CancellationToken cancellation) => Task.FromResult(account);
}

/// <summary>Can this key read something that only the old account's keys can read?</summary>
public interface IAccountProbe
{
    /// <returns>Null when the provider did not answer, so that nothing is known.</returns>
    Task<bool?> CanReadEmailAsync(string baseUrl, string apiKey, string emailId, CancellationToken cancellation);
    Task<bool?> CanReadDomainAsync(string baseUrl, string apiKey, string domainId, CancellationToken cancellation);
}

/// <summary>
/// Whether a replaced key is the same account's is not known: the provider did not say. Taken for the same, doubt would be
/// repeated where its key may never have been seen; taken for another, all that is in doubt would be given up for a silence.
/// </summary>
public sealed class AccountNotKnownException()
    : Exception(
        "Resend:ApiKey is another key than before, and the provider did not say whether it belongs to the same account."
    );

/// <summary>
/// Decides at the start whether the configured key is the account that the ledger knows. A replaced key counts as the
/// same account only if it can read one of the old one's mails or domains; else chunks in doubt could be repeated
/// somewhere that has never seen their key.
/// </summary>
public sealed class ProviderAccounts(PortalDb db, IIds ids, IAccountProbe probe) : ISendingAccount
{
    private CurrentAccount? _current;

    public async Task<CurrentAccount> CurrentAsync(CancellationToken cancellation)
    {
        if (_current is { } known)
        {
            return known;
        }

        await using var context = db.Read(TenantScope.None);
        return _current = await context
            .ProviderAccounts.Where(account => account.IsCurrent)
            .Select(account => new CurrentAccount(account.Id, account.BaseUrl))
            .SingleAsync(cancellation);
    }

    /// <summary>The account of the last start; null before the first.</summary>
    public async Task<CurrentAccount?> LastAsync(CancellationToken cancellation)
    {
        await using var context = db.Read(TenantScope.None);
        return await context
            .ProviderAccounts.Where(account => account.IsCurrent)
            .Select(account => new CurrentAccount(account.Id, account.BaseUrl))
            .SingleOrDefaultAsync(cancellation);
    }

    /// <param name="leaving">
    /// Told of the account of the last start before another takes its place, so that whoever dies between the two is told again.
    /// </param>
    /// <exception cref="AccountNotKnownException">Nothing was changed; the account of the last start is still the current one.</exception>
    public async Task<CurrentAccount> EnsureAsync(
        string baseUrl,
        string apiKey,
        CancellationToken cancellation,
        Func<CurrentAccount, CancellationToken, Task>? leaving = null
    )
    {
        var fingerprint = FingerprintOf(apiKey);
        var known = await KnownAsync(baseUrl, fingerprint, apiKey, cancellation);
        if (leaving is not null && await LastAsync(cancellation) is { } last && last.Id != known)
        {
            await leaving(last, cancellation);
        }

        _current = await db.WriteAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                // Another instance may have started at the same moment with the same new key.
                var account = known is { } id
                    ? await context.ProviderAccounts.SingleAsync(a => a.Id == id, token)
                    : await context
                        .ProviderAccounts.Where(a =>
                            a.OwnerId == null && a.BaseUrl == baseUrl && a.KeyFingerprint == fingerprint
                        )
                        .OrderByDescending(a => a.CreatedAt)
                        .FirstOrDefaultAsync(token)
                        ?? New(context, baseUrl, fingerprint);
                account.KeyFingerprint = fingerprint;
                if (!account.IsCurrent)
                {
                    await context
                        .ProviderAccounts.Where(a => a.IsCurrent)
                        .ExecuteUpdateAsync(set => set.SetProperty(a => a.IsCurrent, false), token);
                    account.IsCurrent = true;
                }

                return new CurrentAccount(account.Id, account.BaseUrl);
            },
            cancellation
        );
        return _current;
    }

    internal static string FingerprintOf(string apiKey) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(apiKey)));

    private ProviderAccount New(PortalDbContext context, string baseUrl, string fingerprint)
    {
        var account = new ProviderAccount
        {
            Id = ids.New(),
            BaseUrl = baseUrl,
            KeyFingerprint = fingerprint,
            CreatedAt = db.Time.GetUtcNow(),
        };
        context.ProviderAccounts.Add(account);
        return account;
    }

    private async Task<Guid?> KnownAsync(
        string baseUrl,
        string fingerprint,
        string apiKey,
        CancellationToken cancellation
    )
    {
        List<ProviderAccount> candidates;
        await using (var context = db.Read(TenantScope.None))
        {
            candidates = await context
                .ProviderAccounts.Where(account => account.OwnerId == null && account.BaseUrl == baseUrl)
                .OrderByDescending(account => account.IsCurrent)
                .ThenByDescending(account => account.CreatedAt)
                .ToListAsync(cancellation);
        }

        if (candidates.Find(account => account.KeyFingerprint == fingerprint) is { } same)
        {
            return same.Id;
        }

        var silent = false;
        foreach (var account in candidates)
        {
            switch (await OpensAsync(account, apiKey, cancellation))
            {
                case true:
                    return account.Id;
                case null:
                    silent = true;
                    break;
            }
        }

        return silent ? throw new AccountNotKnownException() : null;
    }

    /// <summary>Does this key belong to the account? By something that only the account's own keys can read.</summary>
    /// <returns>Null when the provider did not say.</returns>
    internal async Task<bool?> OpensAsync(ProviderAccount account, string apiKey, CancellationToken cancellation)
    {
        bool? reads = false;
        if (account.KnownEmailId is { } email)
        {
            reads = await probe.CanReadEmailAsync(account.BaseUrl, apiKey, email, cancellation);
            if (reads == true)
            {
                return true;
            }
        }

        await using var context = db.Read(TenantScope.Installation);
        var domain =
            await context
                .SendingDomains.Where(d => d.AccountId == account.Id && d.ProviderDomainId != null)
                .Select(d => d.ProviderDomainId)
                .FirstOrDefaultAsync(cancellation)
            ?? await context
                .SendingDomains.Where(d => d.LeftAccountId == account.Id && d.LeftDomainId != null)
                .Select(d => d.LeftDomainId)
                .FirstOrDefaultAsync(cancellation);
        return domain is null
            ? reads
            : await probe.CanReadDomainAsync(account.BaseUrl, apiKey, domain, cancellation) switch
            {
                true => true,
                // One silence among two questions leaves it open.
                false => reads,
                null => null,
            };
    }
}
