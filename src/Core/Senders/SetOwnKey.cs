using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Senders;

/// <summary>
/// Gives the tenant an account of its own at the provider, or another key for it. The key is asked about at the provider before
/// anything is kept, and whether it is the same account's is proven as in docs/sending.md, rule 3. A key of an account that was left
/// takes it up again, with what is bound to it.
/// </summary>
public sealed class SetOwnKey(
    PortalDb portal,
    ProviderAccounts accounts,
    ProviderSecrets secrets,
    IKeyCheck check,
    DomainSignal signal
)
{
    private const string NoAnswer = "The provider did not answer, so nothing was kept. Try again in a while.";

    private const string ChangedMeanwhile =
        "Somebody else changed the key a moment ago, so nothing was kept. Look at the page again, then enter the key.";

    /// <param name="apiKey">As typed; never logged, never in the audit log.</param>
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public async Task<OwnAccountOutcome> ExecuteAsync(
        Caller caller,
        string? apiKey,
        CancellationToken cancellation = default
    )
    {
        await using (var db = portal.Read(caller.Scope))
        {
            await portal.DemandToReadAsync(db, caller, TenantRole.Owner, nameof(SetOwnKey), cancellation);
        }

        var key = apiKey?.Trim() ?? "";
        if (!ProviderSecrets.IsKey(key))
        {
            return Wrong("This is not an API key of the provider. It begins with re_.");
        }

        var current = await accounts.CurrentAsync(cancellation);
        switch (await check.AskAsync(current.BaseUrl, key, cancellation))
        {
            case KeyAnswer.Refused:
                return Wrong("The provider does not know this key. Copy it again, or make a new one there.");
            case KeyAnswer.SendingOnly:
                return Wrong("This key may only send. Make one with full access: domains are registered with it too.");
            case KeyAnswer.NoAnswer:
                return Wrong(NoAnswer);
        }

        var fingerprint = ProviderAccounts.FingerprintOf(key);
        switch (await IsInstallationsAsync(current, key, fingerprint, cancellation))
        {
            case true:
                return Wrong("This key belongs to the account of this installation, not to one of yours.");
            case null:
                return Wrong(NoAnswer);
        }

        var (proven, known) = await KnownAsync(caller, current.BaseUrl, key, fingerprint, cancellation);
        if (!proven)
        {
            return Wrong(NoAnswer);
        }

        var outcome = await portal.CommandAsync(
            caller,
            TenantRole.Owner,
            (command, token) => SaveAsync(command, known, current.BaseUrl, key, fingerprint, token),
            cancellation
        );
        signal.Raise();
        return outcome;
    }

    private static OwnAccountOutcome.Invalid Wrong(string reason) => new([new FieldError("ApiKey", reason)]);

    private async Task<bool?> IsInstallationsAsync(
        CurrentAccount current,
        string key,
        string fingerprint,
        CancellationToken cancellation
    )
    {
        await using var db = portal.Read(TenantScope.None);
        var account = await db.ProviderAccounts.SingleAsync(row => row.Id == current.Id, cancellation);
        return account.KeyFingerprint == fingerprint ? true : await accounts.OpensAsync(account, key, cancellation);
    }

    /// <returns>Not proven: the provider did not say whether it is the same account, which must not be guessed.</returns>
    private async Task<(bool Proven, KnownAccount? Known)> KnownAsync(
        Caller caller,
        string baseUrl,
        string key,
        string fingerprint,
        CancellationToken cancellation
    )
    {
        List<ProviderAccount> own;
        await using (var db = portal.Read(caller.Scope))
        {
            // The one that holds first: nearly always it is that.
            own = await db
                .ProviderAccounts.Where(row => row.OwnerId == caller.TenantId && row.BaseUrl == baseUrl)
                .OrderByDescending(row => db.OwnAccounts.Any(kept => kept.AccountId == row.Id && kept.IsCurrent))
                .ThenByDescending(row => row.CreatedAt)
                .ToListAsync(cancellation);
        }

        if (own.Find(account => account.KeyFingerprint == fingerprint) is { } same)
        {
            return (true, new KnownAccount(same.Id, fingerprint));
        }

        foreach (var account in own)
        {
            switch (await accounts.OpensAsync(account, key, cancellation))
            {
                case true:
                    return (true, new KnownAccount(account.Id, account.KeyFingerprint));
                case null:
                    return (false, null);
            }
        }

        return (true, null);
    }

    private static Task<List<ProviderAccount>> OwnAtAsync(
        CommandContext command,
        string baseUrl,
        CancellationToken cancellation
    ) =>
        command
            .Db.ProviderAccounts.Where(row => row.OwnerId == command.TenantId && row.BaseUrl == baseUrl)
            .OrderByDescending(row => command.Db.OwnAccounts.Any(kept => kept.AccountId == row.Id && kept.IsCurrent))
            .ThenByDescending(row => row.CreatedAt)
            .ToListAsync(cancellation);

    /// <summary>
    /// One where nothing was registered and nothing sent: there is nothing that another account could do a second time. Asked in
    /// the transaction that gives it the key, before which a domain may be added there and a campaign launched.
    /// </summary>
    private static async Task<ProviderAccount?> UnusedAsync(
        CommandContext command,
        List<ProviderAccount> own,
        CancellationToken cancellation
    )
    {
        foreach (var account in own.Where(account => account.KnownEmailId is null))
        {
            if (
                !await command.Db.SendingDomains.AnyAsync(
                    row => row.AccountId == account.Id || row.LeftAccountId == account.Id,
                    cancellation
                ) && !await command.Db.HasRunsAsync(account.Id, cancellation)
            )
            {
                return account;
            }
        }

        return null;
    }

    private async Task<OwnAccountOutcome> SaveAsync(
        CommandContext command,
        KnownAccount? proven,
        string baseUrl,
        string key,
        string fingerprint,
        CancellationToken cancellation
    )
    {
        var before = await command.Db.OwnAccounts.SingleOrDefaultAsync(row => row.IsCurrent, cancellation);
        var own = await OwnAtAsync(command, baseUrl, cancellation);
        if (proven is not null && own.Single(row => row.Id == proven.Id).KeyFingerprint != proven.Fingerprint)
        {
            return Wrong(ChangedMeanwhile);
        }

        // Another owner may have been given the same key a moment ago.
        var same = proven?.Id ?? own.Find(row => row.KeyFingerprint == fingerprint)?.Id;
        var known = same ?? (await UnusedAsync(command, own, cancellation))?.Id;
        var accountId = known ?? command.Ids.New();
        var proof =
            before is null ? (same is null ? KeyProof.First : KeyProof.TakenUp)
            : before.AccountId == accountId ? KeyProof.SameAccount
            : KeyProof.AnotherAccount;
        var account = known is null
            ? null
            : await command.Db.ProviderAccounts.SingleAsync(row => row.Id == accountId, cancellation);
        if (account is null)
        {
            account = new ProviderAccount
            {
                Id = accountId,
                OwnerId = command.TenantId,
                BaseUrl = baseUrl,
                KeyFingerprint = fingerprint,
                CreatedAt = command.Now,
            };
            command.Db.ProviderAccounts.Add(account);
        }

        if (proven is null && account.KeyFingerprint != fingerprint)
        {
            // Nothing ties this key to the one that the row had: what signed for that one does not sign for this.
            await command
                .Db.OwnWebhookSecrets.Where(row => row.AccountId == accountId)
                .ExecuteDeleteAsync(cancellation);
        }

        account.KeyFingerprint = fingerprint;
        var moved = 0;
        if (proof == KeyProof.AnotherAccount)
        {
            OwnAccountLeft.Leave(before!, command.Now);
            // Of two rows one may say that it is current, also between two statements.
            await command.Db.SaveChangesAsync(cancellation);
            moved = await OwnAccountLeft.MoveDomainsAsync(command, before!.AccountId, accountId, cancellation);
            await OwnAccountLeft.EndSecretsAsync(command, before.AccountId, cancellation);
        }
        else if (before is null)
        {
            moved = await OwnAccountLeft.TakeUpDomainsAsync(command, accountId, cancellation);
        }

        await KeepAsync(command, accountId, key, cancellation);
        command.Audit(
            before is null ? "provider_key.set" : "provider_key.replaced",
            "provider_account",
            accountId.ToString(),
            "the provider",
            new
            {
                ends_in = ProviderSecrets.LastFour(key),
                ended_in = before?.LastFour,
                same_account = proof is KeyProof.SameAccount or KeyProof.TakenUp,
                domains_moved = moved,
            }
        );
        return new OwnAccountOutcome.Saved(proof, moved);
    }

    private async Task KeepAsync(CommandContext command, Guid accountId, string key, CancellationToken cancellation)
    {
        var row = await command.Db.OwnAccounts.SingleOrDefaultAsync(own => own.AccountId == accountId, cancellation);
        if (row is null)
        {
            row = new OwnAccount
            {
                TenantId = command.TenantId,
                AccountId = accountId,
                LastFour = "",
                SetAt = command.Now,
                SetBy = "",
            };
            command.Db.OwnAccounts.Add(row);
        }

        row.ApiKey = secrets.Protect(command.TenantId, key);
        row.LastFour = ProviderSecrets.LastFour(key);
        (row.SetAt, row.SetBy) = (command.Now, command.Actor.Name);
        (row.IsCurrent, row.LeftAt) = (true, null);
        // Come back to: what was to end with it holds again.
        await command
            .Db.OwnWebhookSecrets.Where(secret => secret.AccountId == accountId)
            .ExecuteUpdateAsync(set => set.SetProperty(secret => secret.EndsAt, (DateTimeOffset?)null), cancellation);
    }

    /// <param name="Fingerprint">Of the key that it had when it was proven to be the same.</param>
    private sealed record KnownAccount(Guid Id, string Fingerprint);
}
