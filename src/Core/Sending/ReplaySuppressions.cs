using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Ledgerpost.Sending.Provider;
using Ledgerpost.Suppression;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Ledgerpost.Sending;

/// <summary>
/// After a restore: whoever bounced or complained since the backup stands on the provider's suppression list, and goes on
/// the list of each tenant that has the address as a contact; of a tenant's own account, on that tenant's alone. Only ever
/// adds. One-click unsubscribes are not there: they came to this portal alone.
/// </summary>
public sealed class ReplaySuppressions(
    PortalDb db,
    ProviderArchive archive,
    ProviderAccounts accounts,
    OwnArchives own,
    ILogger<ReplaySuppressions> logger
)
{
    /// <summary>The provider's clock and ours; and a bounce may be told a while after it happened.</summary>
    private static readonly TimeSpan Before = TimeSpan.FromDays(1);

    /// <summary>Once mail has gone out again for so long, the provider's events have told the rest.</summary>
    private static readonly TimeSpan AfterRelease = TimeSpan.FromDays(1);

    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(1);

    // Of the hold that is being looked after.
    private DateTimeOffset? _held;
    private int _added;
    private readonly HashSet<Guid> _done = [];
    private readonly HashSet<Guid> _silent = [];

    /// <summary>
    /// Addresses put on lists, once the list of the installation's account was read to its end; null before that. Those of own
    /// accounts are counted too, as far as they have told.
    /// </summary>
    public int? Added { get; private set; }

    public Task RunAsync(CancellationToken stopping) =>
        Loop.EveryAsync(() => Rest, RunOnceAsync, db.Time, logger, stopping);

    /// <returns>How many addresses were put on a list; null when there was nothing to do, or the provider did not tell.</returns>
    public async Task<int?> RunOnceAsync(CancellationToken cancellation)
    {
        Installation row;
        await using (var context = db.Read(TenantScope.Installation))
        {
            row = await context.Installation.SingleAsync(cancellation);
        }

        var released = row.Hold is null;
        if (row.HeldSince is not { } held || (released && !(row.ReleasedAt + AfterRelease > db.Time.GetUtcNow())))
        {
            return null;
        }

        if (_held != held)
        {
            (_held, _added, Added) = (held, 0, null);
            _done.Clear();
            _silent.Clear();
        }

        var before = row.BackedUpAt - Before;
        var installation = await accounts.CurrentAsync(cancellation);
        var added = await TryAsync(installation, () => archive, before, cancellation);
        foreach (var account in await own.AccountsAsync(cancellation))
        {
            added = Sum(added, await TryAsync(account, () => own.Open(account), before, cancellation));
        }

        _added += added ?? 0;
        Added = _done.Contains(installation.Id) ? _added : null;
        return added;
    }

    private static int? Sum(int? one, int? other) => one is null ? other : one + (other ?? 0);

    /// <summary>The trouble of one account keeps no other from being asked.</summary>
    private async Task<int?> TryAsync(
        CurrentAccount account,
        Func<ProviderArchive> open,
        DateTimeOffset? before,
        CancellationToken cancellation
    )
    {
        try
        {
            return await ReplayAsync(account, open(), before, cancellation);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.LogError(exception, "Account {AccountId} could not be asked.", account.Id);
            return null;
        }
    }

    /// <returns>Null when it was done before, or the provider did not tell to the end.</returns>
    private async Task<int?> ReplayAsync(
        CurrentAccount account,
        ProviderArchive asked,
        DateTimeOffset? before,
        CancellationToken cancellation
    )
    {
        if (_done.Contains(account.Id))
        {
            return null;
        }

        var added = 0;
        string? after = null;
        while (true)
        {
            if (
                await asked.SuppressionsAsync(account.BaseUrl, after, cancellation)
                is not ArchiveAnswer<IReadOnlyList<ProviderSuppression>>.Read
                (var page)
            )
            {
                if (_silent.Add(account.Id))
                {
                    logger.LogWarning(
                        "The suppression list of account {AccountId} could not be read; it is asked for again.",
                        account.Id
                    );
                }

                return null;
            }

            if (page.Count == 0)
            {
                break;
            }

            added += await AddAsync([.. page.Where(line => !(line.At < before))], account.OwnerId, cancellation);
            after = page[^1].Id;
        }

        _done.Add(account.Id);
        logger.LogInformation(
            "{Added} addresses of the suppression list of account {AccountId} were put on tenants' lists.",
            added,
            account.Id
        );
        return added;
    }

    /// <param name="owner">Whose own account said so; null for the installation's, which speaks for everybody.</param>
    private async Task<int> AddAsync(
        IReadOnlyList<ProviderSuppression> page,
        Guid? owner,
        CancellationToken cancellation
    )
    {
        var known = new Dictionary<string, ProviderSuppression>(StringComparer.Ordinal);
        foreach (var line in page)
        {
            if (EmailAddress.TryParse(line.Email, out var address, out _))
            {
                known[address.Normalized] = line;
            }
        }

        var addresses = known.Keys.ToList();
        List<(Guid TenantId, string Email)> whose;
        await using (var context = db.Read(TenantScope.Installation))
        {
            // By tenant, since that is how the index goes.
            var rows = await context
                .Tenants.Where(tenant => owner == null || tenant.Id == owner)
                .SelectMany(
                    tenant =>
                        context.Contacts.Where(contact =>
                            contact.TenantId == tenant.Id && addresses.Contains(contact.NormalizedEmail)
                        ),
                    (tenant, contact) => new { contact.TenantId, contact.NormalizedEmail }
                )
                .ToListAsync(cancellation);
            whose = [.. rows.Select(found => (found.TenantId, found.NormalizedEmail))];
        }

        var added = 0;
        foreach (var tenant in whose.GroupBy(found => found.TenantId))
        {
            added += await db.WriteAsync(
                TenantScope.For(tenant.Key),
                async (context, token) =>
                {
                    var count = 0;
                    foreach (var (_, email) in tenant)
                    {
                        var line = known[email];
                        count += await Suppress.AddAsync(
                            context,
                            tenant.Key,
                            email,
                            ReasonOf(line.Origin),
                            "on the provider's suppression list",
                            line.At ?? db.Time.GetUtcNow(),
                            db.Ids,
                            token
                        )
                            ? 1
                            : 0;
                    }

                    return count;
                },
                cancellation
            );
        }

        return added;
    }

    private static SuppressionReason ReasonOf(string? origin) =>
        origin switch
        {
            "bounce" => SuppressionReason.Bounced,
            "complaint" => SuppressionReason.Complained,
            _ => SuppressionReason.Manual,
        };
}
