using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Sending;

/// <summary>
/// After a restore: whoever asked not to be mailed since the backup is still in the database that was put aside, where
/// that can be read. Only ever adds.
/// </summary>
public sealed class ReplayUnsubscribes(PortalDb db)
{
    /// <summary>Stands on the list beside who has to be erased once more.</summary>
    public const string Back = "Erased since the backup that is in place: erase this person once more";

    /// <summary>Addresses of one transaction: each is looked for among those that are not saved yet.</summary>
    private const int AtOnce = 500;

    private readonly HashSet<(Guid TenantId, string Email)> _back = [];

    /// <summary>How many people are here again who were erased since the backup.</summary>
    public int BackCount => _back.Count;

    /// <returns>How many addresses were put on the lists again.</returns>
    public async Task<int> ExecuteAsync(PortalDb aside, CancellationToken cancellation)
    {
        List<SuppressedAddress> known;
        await using (var old = aside.Read(TenantScope.Installation))
        {
            known = await old.SuppressedAddresses.ToListAsync(cancellation);
        }

        List<SuppressedAddress> rows;
        List<(string Email, SuppressedAddress Row)> held;
        await using (var context = db.Read(TenantScope.Installation))
        {
            var tenants = await context.Tenants.Select(tenant => tenant.Id).ToHashSetAsync(cancellation);
            rows = known.FindAll(row => tenants.Contains(row.TenantId));
            held = await ErasedHereAsync(context, rows, cancellation);
        }

        _back.UnionWith(held.Select(one => (one.Row.TenantId, one.Email)));
        var added = 0;
        foreach (var some in held.Chunk(AtOnce))
        {
            added += await WriteAsync(
                some,
                async (context, one, token) =>
                {
                    var isNew = await AddAsync(context, one.Row, one.Email, Back, token);
                    if (isNew)
                    {
                        await TellAsync(context, one.Row.TenantId, one.Email, token);
                    }

                    return isNew;
                },
                cancellation
            );
        }

        foreach (var some in rows.Chunk(AtOnce))
        {
            added += await WriteAsync(
                some,
                (context, row, token) => AddAsync(context, row, row.NormalizedEmail, row.Detail, token),
                cancellation
            );
        }

        return added;
    }

    /// <summary>One transaction. Who is cut off between two begins again, and finds what was added there already.</summary>
    private Task<int> WriteAsync<T>(
        IReadOnlyList<T> some,
        Func<PortalDbContext, T, CancellationToken, Task<bool>> add,
        CancellationToken cancellation
    ) =>
        db.WriteAsync(
            TenantScope.Installation,
            async (context, token) =>
            {
                var added = 0;
                foreach (var one in some)
                {
                    added += await add(context, one, token) ? 1 : 0;
                }

                return added;
            },
            cancellation
        );

    private Task<bool> AddAsync(
        PortalDbContext context,
        SuppressedAddress row,
        string email,
        string? detail,
        CancellationToken cancellation
    ) => Suppress.AddAsync(context, row.TenantId, email, row.Reason, detail, row.CreatedAt, db.Ids, cancellation);

    /// <summary>Their organisation promised to forget them, and only it can do so again.</summary>
    private async Task TellAsync(PortalDbContext context, Guid tenantId, string email, CancellationToken cancellation)
    {
        var hashes = await AddressHashes.OfAsync(context, cancellation);
        await AuditLog.AppendAsync(
            context,
            tenantId,
            Actor.System,
            db.Time.GetUtcNow(),
            "person.restored",
            "address",
            hashes.Of(tenantId, email),
            email,
            null,
            cancellation
        );
    }

    /// <summary>
    /// Of who was erased since the backup only a keyed hash is left, and this database has the address itself again: it is what the
    /// rules compare, so it goes on the list too, until the person is erased once more.
    /// </summary>
    private static async Task<List<(string Email, SuppressedAddress Row)>> ErasedHereAsync(
        PortalDbContext context,
        IReadOnlyList<SuppressedAddress> known,
        CancellationToken cancellation
    )
    {
        var erased = known
            .Where(row => ErasedPeople.IsForm(row.NormalizedEmail))
            .ToDictionary(row => (row.TenantId, row.NormalizedEmail));
        if (erased.Count == 0)
        {
            return [];
        }

        var tenants = erased.Keys.Select(key => key.TenantId).Distinct().ToList();
        var hashes = await AddressHashes.OfAsync(context, cancellation);
        var here = new HashSet<(Guid TenantId, string Email)>();
        var contacts = context
            .Contacts.Where(row => tenants.Contains(row.TenantId))
            .Select(row => new { row.TenantId, row.NormalizedEmail });
        var waiting = context
            .Recipients.Where(row => tenants.Contains(row.TenantId) && row.State == RecipientState.Pending)
            .Select(row => new { row.TenantId, row.NormalizedEmail });
        foreach (var addresses in new[] { contacts, waiting })
        {
            await foreach (var one in addresses.AsAsyncEnumerable().WithCancellation(cancellation))
            {
                if (erased.ContainsKey((one.TenantId, ErasedPeople.Form(hashes, one.TenantId, one.NormalizedEmail))))
                {
                    here.Add((one.TenantId, one.NormalizedEmail));
                }
            }
        }

        return
        [
            .. here.Select(one =>
                (one.Email, erased[(one.TenantId, ErasedPeople.Form(hashes, one.TenantId, one.Email))])
            ),
        ];
    }
}
