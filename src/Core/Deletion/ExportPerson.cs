using System.Text.Json;
using System.Text.Json.Nodes;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Recipients;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Deletion;

/// <summary>Everything that a tenant holds about one person, for that person: one JSON document. The export is audited.</summary>
public sealed class ExportPerson(PortalDb portal)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <returns>The document as UTF-8; null for what is no address.</returns>
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public async Task<byte[]?> ExecuteAsync(Caller caller, string email, CancellationToken cancellation) =>
        EmailAddress.TryParse(email, out var address, out _)
            ? await ExportAsync(caller, (_, _) => Task.FromResult<string?>(address.Normalized), cancellation)
            : null;

    /// <returns>The document as UTF-8; null when there is no such contact.</returns>
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public Task<byte[]?> ExecuteAsync(Caller caller, Guid contactId, CancellationToken cancellation) =>
        ExportAsync(caller, (db, token) => PersonRows.AddressOfAsync(db, contactId, token), cancellation);

    /// <summary>
    /// Whole tables are read for the document: in a snapshot, where nobody waits for it. Nobody gets it before the entry of it
    /// is in the log.
    /// </summary>
    private async Task<byte[]?> ExportAsync(
        Caller caller,
        Func<PortalDbContext, CancellationToken, Task<string?>> whose,
        CancellationToken cancellation
    )
    {
        var read = await portal.ReadSnapshotAsync<(string Address, byte[] Document)?>(
            caller.Scope,
            async (db, token) =>
            {
                await portal.DemandToReadAsync(db, caller, TenantRole.Admin, nameof(ExportPerson), token);
                return await whose(db, token) is { } address
                    ? (
                        address,
                        JsonSerializer.SerializeToUtf8Bytes(
                            await ReadAsync(db, address, portal.Time.GetUtcNow(), token),
                            Json
                        )
                    )
                    : null;
            },
            cancellation
        );
        if (read is not { } export)
        {
            return null;
        }

        return await portal.CommandAsync(
            caller,
            TenantRole.Admin,
            async (command, token) =>
            {
                var (tenantId, address) = (command.TenantId, export.Address);
                var hashes = await AddressHashes.OfAsync(command.Db, token);
                // The log does not learn the address of who was erased anew.
                var name = await ErasedPeople.IsOneAsync(command.Db, tenantId, address, token)
                    ? ErasedPeople.Name
                    : address;
                command.Audit("person.exported", "address", hashes.Of(tenantId, address), name);
                return export.Document;
            },
            cancellation
        );
    }

    private static async Task<object> ReadAsync(
        PortalDbContext db,
        string address,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var hashes = await AddressHashes.OfAsync(db, cancellation);
        var person = await PersonRows.FindAsync(db, address, cancellation);
        var whole = new WholeAddress(address);
        var imports = await PersonTexts.ImportLinesAsync(db, address, before: null, cancellation);
        var requests = await PersonTexts.RequestsAsync(db, address, before: null, cancellation);
        var mails = new List<object>();
        foreach (var row in person.Ledger)
        {
            mails.Add(await MailAsync(db, row, cancellation));
        }

        return new
        {
            address,
            exported_at = now,
            contact = person.Contact is { } contact ? await ContactAsync(db, contact, cancellation) : null,
            suppression = await db
                .SuppressedAddresses.Where(row => person.Addresses.Contains(row.NormalizedEmail))
                .Select(row => new
                {
                    address = row.NormalizedEmail,
                    row.Reason,
                    row.Detail,
                    since = row.CreatedAt,
                })
                .ToListAsync(cancellation),
            mails,
            imports = imports.ConvertAll(row => new
            {
                import = row.ImportId,
                row.Line,
                row.Outcome,
                row.Reason,
            }),
            // Of mails to them that could not be applied to the ledger.
            events = (await PersonTexts.EventsAsync(db, [address], before: null, cancellation)).ConvertAll(row => new
            {
                row.Type,
                row.ReceivedAt,
                row.State,
                said = row.Body,
            }),
            deliveries = (await PersonTexts.DeliveriesAsync(db, address, cancellation)).ConvertAll(row => new
            {
                endpoint = row.EndpointId,
                row.Type,
                row.OccurredAt,
                row.Email,
                answer = row.LastError,
            }),
            requests = requests.ConvertAll(row => new
            {
                row.Path,
                row.Key,
                at = row.CreatedAt,
                // A key may have letters before the address; what was answered may be about somebody else then.
                answer = row.Body is { } body && whole.IsInJson(body) ? body : null,
            }),
            links = await db
                .UnsubscribeLinks.Where(row => person.Addresses.Contains(row.NormalizedEmail))
                .Select(row => new { address = row.NormalizedEmail, row.CreatedAt })
                .ToListAsync(cancellation),
            log = await LogAsync(db, person, hashes, cancellation),
        };
    }

    private static async Task<object> ContactAsync(PortalDbContext db, Contact contact, CancellationToken cancellation)
    {
        var tags = contact.Tags.ConvertAll(row => row.Tag);
        var segments = await db
            .Segments.Where(segment =>
                db.SegmentContacts.Any(row => row.SegmentId == segment.Id && row.ContactId == contact.Id)
                || (segment.Match == Segments.SegmentMatch.Any && segment.Tags.Any(row => tags.Contains(row.Tag)))
                || (
                    segment.Match == Segments.SegmentMatch.All
                    && segment.Tags.Any()
                    && segment.Tags.All(row => tags.Contains(row.Tag))
                )
            )
            .Select(segment => segment.Name)
            .ToListAsync(cancellation);
        return new
        {
            contact.Id,
            contact.Email,
            contact.FirstName,
            contact.LastName,
            fields = ContactFields.Read(contact.Fields),
            tags,
            segments,
            contact.CreatedAt,
            contact.UpdatedAt,
        };
    }

    private static async Task<object> MailAsync(PortalDbContext db, Recipient row, CancellationToken cancellation)
    {
        var campaign = await db.Campaigns.AsNoTracking().SingleAsync(one => one.Id == row.CampaignId, cancellation);
        var attempts = await db
            .Attempts.AsNoTracking()
            .Where(attempt => attempt.CampaignId == row.CampaignId)
            .Where(attempt =>
                db.Chunks.Any(chunk =>
                    chunk.CampaignId == attempt.CampaignId
                    && chunk.Number == attempt.ChunkNumber
                    && chunk.FirstRecipient <= row.Number
                    && chunk.LastRecipient >= row.Number
                )
            )
            .OrderBy(attempt => attempt.StartedAt)
            .ToListAsync(cancellation);
        var fields = await db
            .RecipientFields.Where(one => one.CampaignId == row.CampaignId && one.RecipientNumber == row.Number)
            .Select(one => one.Fields)
            .SingleOrDefaultAsync(cancellation);
        var events = await db
            .RecipientEvents.Where(one => one.CampaignId == row.CampaignId && one.RecipientNumber == row.Number)
            .OrderBy(one => one.OccurredAt)
            .Select(one => new
            {
                one.Type,
                one.OccurredAt,
                one.ReceivedAt,
                one.Detail,
                one.Machine,
            })
            .ToListAsync(cancellation);
        return new
        {
            kind = campaign.Kind == CampaignKind.Email ? "transactional" : "campaign",
            campaign = campaign.Id,
            campaign.Name,
            campaign.Subject,
            // Of a transactional mail all of it was written for this person.
            html = campaign.Kind == CampaignKind.Email ? campaign.Html : null,
            text = campaign.Kind == CampaignKind.Email ? campaign.Text : null,
            row.Number,
            row.Email,
            row.FirstName,
            row.LastName,
            // As they were frozen for this mail.
            fields = ContactFields.Read(fields),
            row.State,
            row.Reason,
            row.Detail,
            row.ProviderEmailId,
            row.AcceptedAt,
            row.Delivery,
            row.DeliveryAt,
            row.Bounce,
            row.OpenedAt,
            row.Opens,
            row.ClickedAt,
            row.Clicks,
            attempts = attempts
                .Where(attempt => NumberRanges.IndexOf(attempt.RecipientNumbers, row.Number) >= 0)
                .Select(attempt => new
                {
                    attempt.StartedAt,
                    attempt.CompletedAt,
                    attempt.Outcome,
                    attempt.HttpStatus,
                    attempt.ErrorName,
                    attempt.Message,
                }),
            events,
        };
    }

    private static async Task<object> LogAsync(
        PortalDbContext db,
        PersonRows person,
        AddressHashes hashes,
        CancellationToken cancellation
    )
    {
        var entries = await person.EntriesAsync(db, hashes, before: null, cancellation);
        return entries.ConvertAll(entry => new
        {
            entry.Sequence,
            entry.At,
            entry.Action,
            by = entry.ActorName,
            about = entry.TargetName,
            details = entry.Details is { } text ? JsonNode.Parse(text) : null,
            entry.From,
        });
    }
}
