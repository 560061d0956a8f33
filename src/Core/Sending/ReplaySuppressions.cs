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
/// the list of each tenant that has the address as a contact. Only ever adds. One-click unsubscribes are not there: they
/// came to this portal alone.
/// </summary>
public sealed class ReplaySuppressions(
    PortalDb db,
    ProviderArchive archive,
    ProviderAccounts accounts,
    ILogger<ReplaySuppressions> logger
)
{
    /// <summary>The provider's clock and ours; and a bounce may be told a while after it happened.</summary>
    private static readonly TimeSpan Before = TimeSpan.FromDays(1);

    /// <summary>Once mail has gone out again for so long, the provider's events have told the rest.</summary>
    private static readonly TimeSpan AfterRelease = TimeSpan.FromDays(1);

    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(1);

    private DateTimeOffset? _doneFor;

    /// <summary>Addresses put on lists, once the provider's list was read to its end; null before that.</summary>
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
        if (
            row.HeldSince is not { } held
            || held == _doneFor
            || (released && !(row.ReleasedAt + AfterRelease > db.Time.GetUtcNow()))
        )
        {
            return null;
        }

        var account = await accounts.CurrentAsync(cancellation);
        var added = 0;
        string? after = null;
        while (true)
        {
            if (
                await archive.SuppressionsAsync(account.BaseUrl, after, cancellation)
                is not ArchiveAnswer<IReadOnlyList<ProviderSuppression>>.Read
                (var page)
            )
            {
                return null;
            }

            if (page.Count == 0)
            {
                break;
            }

            added += await AddAsync([.. page.Where(line => !(line.At < row.BackedUpAt - Before))], cancellation);
            after = page[^1].Id;
        }

        (_doneFor, Added) = (held, added);
        logger.LogInformation(
            "{Added} addresses of the provider's suppression list were put on the tenants' lists.",
            added
        );
        return added;
    }

    private async Task<int> AddAsync(IReadOnlyList<ProviderSuppression> page, CancellationToken cancellation)
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
                .Tenants.SelectMany(
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
