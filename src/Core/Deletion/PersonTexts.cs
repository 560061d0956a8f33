using System.Text.Json;
using Ledgerpost.Audit;
using Ledgerpost.Contacts;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Outbox;
using Ledgerpost.Programs;
using Ledgerpost.Webhooks;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Deletion;

#pragma warning disable CA1304, CA1311, CA1862 // These expressions become SQL; LIKE and lower() there know no culture.

/// <summary>Where a tenant keeps an address within a text, beside the ledgers and the log.</summary>
internal static class PersonTexts
{
    /// <summary>Lines of uploaded files that name the address.</summary>
    /// <param name="before">Null: all are read.</param>
    public static async Task<List<ContactImportLine>> ImportLinesAsync(
        PortalDbContext db,
        string address,
        PersonSearch? before,
        CancellationToken cancellation
    )
    {
        var whole = new WholeAddress(address);
        var named = db.ContactImportLines.AsNoTracking().Where(row => row.Email.ToLower().Contains(address));
        List<ContactImportLine> lines;
        if (before is null)
        {
            lines = await named.ToListAsync(cancellation);
        }
        else
        {
            lines = [];
            foreach (var (importId, line) in before.ImportLines)
            {
                lines.AddRange(
                    await named.Where(row => row.ImportId == importId && row.Line == line).ToListAsync(cancellation)
                );
            }

            var imports = await db.ContactImports.Select(import => import.Id).ToListAsync(cancellation);
            foreach (var importId in imports.Except(before.EndedImports))
            {
                lines.AddRange(await named.Where(row => row.ImportId == importId).ToListAsync(cancellation));
            }
        }

        return lines.FindAll(line => whole.IsIn(line.Email));
    }

    /// <summary>
    /// The provider's events that name an address and stand in no recipient's story: they could not be applied. Those that do are
    /// the ledger's. They can be millions, where other programs use the tenant's own account: each is read once for all addresses,
    /// and none is kept but what names one.
    /// </summary>
    /// <param name="before">Null: all are read.</param>
    public static async Task<List<WebhookMessage>> EventsAsync(
        PortalDbContext db,
        IReadOnlyList<string> addresses,
        PersonSearch? before,
        CancellationToken cancellation
    )
    {
        var whole = new WholeAddress(addresses);
        var events = db
            .WebhookMessages.AsNoTracking()
            .Where(message => message.State != WebhookState.Applied && message.CampaignId == null);
        var found = new List<WebhookMessage>();
        if (before is null)
        {
            await AddAsync(events);
        }
        else
        {
            // One of the installation's account becomes the tenant's when its wait ends.
            var (since, oldest) = (before.Since, before.Since - EventBatch.WaitsAtMost);
            await AddAsync(
                events.Where(message =>
                    message.ReceivedAt >= oldest && (message.ReceivedAt >= since || message.AppliedAt >= since)
                )
            );
            var again = before.Events.Except(found.Select(message => (message.AccountId, message.MessageId))).ToList();
            foreach (var (accountId, messageId) in again)
            {
                await AddAsync(
                    events.Where(message => message.AccountId == accountId && message.MessageId == messageId)
                );
            }
        }

        return
        [
            .. found
                .OrderBy(message => message.ReceivedAt)
                .ThenBy(message => message.MessageId, StringComparer.Ordinal),
        ];

        async Task AddAsync(IQueryable<WebhookMessage> some)
        {
            await foreach (var message in some.AsAsyncEnumerable().WithCancellation(cancellation))
            {
                // However the provider wrote it.
                if (whole.IsInJson(message.Body))
                {
                    found.Add(message);
                }
            }
        }
    }

    /// <summary>What was told to the tenant's webhook endpoints about the address, or answered by them with it.</summary>
    public static async Task<List<EventDelivery>> DeliveriesAsync(
        PortalDbContext db,
        string address,
        CancellationToken cancellation
    )
    {
        var whole = new WholeAddress(address);
        var deliveries = await db
            .EventDeliveries.AsNoTracking()
            .Where(row => row.Email == address || (row.LastError != null && row.LastError.ToLower().Contains(address)))
            .OrderBy(row => row.OccurredAt)
            .ToListAsync(cancellation);
        return deliveries.FindAll(row => row.Email == address || whole.IsIn(row.LastError));
    }

    /// <summary>Deliveries whose error has the address in it.</summary>
    public static IQueryable<EventDelivery> ErrorsWith(PortalDbContext db, string address) =>
        db.EventDeliveries.Where(row => row.LastError != null && row.LastError.ToLower().Contains(address));

    /// <summary>Programs' requests whose key or kept answer names the address.</summary>
    /// <param name="before">Null: all are read.</param>
    public static async Task<List<IdempotencyRecord>> RequestsAsync(
        PortalDbContext db,
        string address,
        PersonSearch? before,
        CancellationToken cancellation
    )
    {
        var whole = new WholeAddress(address);
        // As JSON writes it.
        var written = JsonEncodedText.Encode(address).Value.ToLowerInvariant();
        // One reading for both: no index helps to find letters within a text.
        var named = db
            .IdempotencyRecords.AsNoTracking()
            .Where(row =>
                row.Key.ToLower().Contains(address)
                || (row.Body != null && (row.Body.ToLower().Contains(address) || row.Body.ToLower().Contains(written)))
            );
        List<IdempotencyRecord> requests;
        if (before is null)
        {
            requests = await named.ToListAsync(cancellation);
        }
        else
        {
            var since = before.Since;
            requests = await named.Where(row => row.CreatedAt >= since).ToListAsync(cancellation);
            foreach (var (path, key) in before.Requests.Except(requests.Select(row => (row.Path, row.Key))))
            {
                requests.AddRange(
                    await named.Where(row => row.Path == path && row.Key == key).ToListAsync(cancellation)
                );
            }
        }

        return requests.FindAll(row => IsInKey(row, address) || (row.Body is { } body && whole.IsInJson(body)));
    }

    private static bool IsInKey(IdempotencyRecord request, string address) =>
        request.Key.Contains(address, StringComparison.OrdinalIgnoreCase);

    public static async Task ForgetAsync(
        CommandContext command,
        AddressHashes hashes,
        string address,
        PersonSearch? before,
        CancellationToken cancellation
    )
    {
        var db = command.Db;
        foreach (var line in await ImportLinesAsync(db, address, before, cancellation))
        {
            await db
                .ContactImportLines.Where(row => row.ImportId == line.ImportId && row.Line == line.Line)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.Email, ""), cancellation);
        }

        foreach (var names in ActorNames.All)
        {
            await names.ForgetAsync(db, address, cancellation);
        }

        await db.EventDeliveries.Where(row => row.Email == address).ExecuteDeleteAsync(cancellation);
        await ForgetErrorsAsync(db, address, before, cancellation);
        await ForgetRequestsAsync(db, hashes, address, before, cancellation);
    }

    public static async Task ForgetEventsAsync(
        CommandContext command,
        IReadOnlyList<string> addresses,
        PersonSearch? before,
        CancellationToken cancellation
    )
    {
        var db = command.Db;
        foreach (var message in await EventsAsync(db, addresses, before, cancellation))
        {
            // Nothing is left that a later look could apply; and what is ignored goes after a month.
            await db
                .WebhookMessages.Where(row => row.AccountId == message.AccountId && row.MessageId == message.MessageId)
                .ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(row => row.Body, "{}")
                            .SetProperty(row => row.State, WebhookState.Ignored)
                            .SetProperty(row => row.AppliedAt, command.Now)
                            .SetProperty(row => row.WaitsForEmailId, (string?)null)
                            .SetProperty(row => row.Note, WebhookNotes.PersonErased),
                    cancellation
                );
        }
    }

    private static async Task ForgetErrorsAsync(
        PortalDbContext db,
        string address,
        PersonSearch? before,
        CancellationToken cancellation
    )
    {
        var errors = ErrorsWith(db, address);
        if (before is not null)
        {
            var (known, since) = (before.Deliveries, before.Since);
            await EmptyAsync(errors.Where(row => known.Contains(row.Id)));
            errors = errors.Where(row => row.LastTryAt >= since);
        }

        await EmptyAsync(errors);

        Task<int> EmptyAsync(IQueryable<EventDelivery> rows) =>
            rows.ExecuteUpdateAsync(set => set.SetProperty(row => row.LastError, (string?)null), cancellation);
    }

    /// <summary>
    /// A program may have made its keys of addresses: by the hash the same request still finds its record, and sends nothing
    /// again. And a kept answer may show the contact, as JSON writes the address.
    /// </summary>
    private static async Task ForgetRequestsAsync(
        PortalDbContext db,
        AddressHashes hashes,
        string address,
        PersonSearch? before,
        CancellationToken cancellation
    )
    {
        var whole = new WholeAddress(address);
        foreach (var one in await RequestsAsync(db, address, before, cancellation))
        {
            var key = IsInKey(one, address) ? ErasedPeople.Form(hashes, db.Scope.TenantId, one.Key) : one.Key;
            var body = one.Body is { } answer && whole.IsInJson(answer) ? "{}" : one.Body;
            // Another address of the same person may be in its answer.
            before?.Requests.Add((one.Path, key));
            await db
                .IdempotencyRecords.Where(row => row.Path == one.Path && row.Key == one.Key)
                .ExecuteUpdateAsync(
                    set => set.SetProperty(row => row.Key, key).SetProperty(row => row.Body, body),
                    cancellation
                );
        }
    }
}
