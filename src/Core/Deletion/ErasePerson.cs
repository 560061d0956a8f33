using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Contacts.Import;
using Ledgerpost.Data;
using Ledgerpost.Identity;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Deletion;

#pragma warning disable CA1304, CA1311, CA1862 // These expressions become SQL; LIKE and lower() there know no culture.

/// <summary>
/// Forgets one person of a tenant, in one transaction: contact, names, addresses, events' words, log entries' names. Ledgers
/// keep their rows, with a keyed hash in the address's place (<see cref="ErasedPeople"/>), so that counts hold and nobody
/// mails the person again by a resume, a follow-up or an import. It cannot be taken back.
/// </summary>
public sealed class ErasePerson(PortalDb portal, SendingOptions options)
{
    /// <summary>What is said before: null for what is no address.</summary>
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public async Task<PersonHoldings?> LookAsync(Caller caller, string email, CancellationToken cancellation)
    {
        await using var db = portal.Read(caller.Scope);
        await portal.DemandToReadAsync(db, caller, TenantRole.Admin, nameof(ErasePerson), cancellation);
        if (!EmailAddress.TryParse(email, out var address, out _))
        {
            return null;
        }

        var person = await PersonRows.FindAsync(db, address.Normalized, cancellation);
        var hashes = await AddressHashes.OfAsync(db, cancellation);
        return new PersonHoldings(
            address.Normalized,
            person.Contact is not null,
            person.Ledger.Count,
            (await EntriesAsync(db, hashes, person, before: null, cancellation)).Count,
            await ErasedPeople.IsOneAsync(db, caller.TenantId, address.Normalized, cancellation)
        );
    }

    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public Task<ErasePersonResult> ExecuteAsync(Caller caller, string email, CancellationToken cancellation) =>
        EmailAddress.TryParse(email, out var address, out var reason)
            ? EraseAsync(caller, (_, _) => Task.FromResult<string?>(address.Normalized), cancellation)
            : portal.CommandAsync<ErasePersonResult>(
                caller,
                TenantRole.Admin,
                (_, _) => Task.FromResult<ErasePersonResult>(new ErasePersonResult.Invalid(reason)),
                cancellation
            );

    /// <summary>The contact, by whichever address it has when nobody can change that any more.</summary>
    /// <exception cref="AccessDeniedException">The caller is not an admin.</exception>
    public Task<ErasePersonResult> ExecuteAsync(Caller caller, Guid contactId, CancellationToken cancellation) =>
        EraseAsync(caller, (db, token) => PersonRows.AddressOfAsync(db, contactId, token), cancellation);

    /// <param name="whose">Asked twice, before the search and within the locks; null when there is nobody.</param>
    private async Task<ErasePersonResult> EraseAsync(
        Caller caller,
        Func<PortalDbContext, CancellationToken, Task<string?>> whose,
        CancellationToken cancellation
    )
    {
        var before = await SearchAsync(caller, whose, cancellation);
        var result = await portal.CommandAsync(
            caller,
            TenantRole.Admin,
            (command, token) => EraseAsync(command, whose, before, token),
            cancellation
        );
        if (result is ErasePersonResult.Erased)
        {
            await portal.EmptyLogAsync(CancellationToken.None);
        }

        return result;
    }

    /// <returns>Null when there is nobody.</returns>
    private async Task<PersonSearch?> SearchAsync(
        Caller caller,
        Func<PortalDbContext, CancellationToken, Task<string?>> whose,
        CancellationToken cancellation
    )
    {
        // Before the snapshot: nothing in it is younger.
        var now = portal.Time.GetUtcNow();
        return await portal.ReadSnapshotAsync<PersonSearch?>(
            caller.Scope,
            async (db, token) =>
            {
                await portal.DemandToReadAsync(db, caller, TenantRole.Admin, nameof(ErasePerson), token);
                return await whose(db, token) is { } address
                    ? await PersonSearch.RunAsync(db, address, now, token)
                    : null;
            },
            cancellation
        );
    }

    private async Task<ErasePersonResult> EraseAsync(
        CommandContext command,
        Func<PortalDbContext, CancellationToken, Task<string?>> whose,
        PersonSearch? before,
        CancellationToken cancellation
    )
    {
        var (db, tenantId) = (command.Db, command.TenantId);
        // An event that is being applied has written whatever it says, or is looked at afterwards and finds no address.
        await db.LockEventsAsync(cancellation);
        // No call of the tenant is prepared into an intent beside this: it is in doubt already, or sees that they are gone.
        await db.LockTenantAsync(tenantId, cancellation);
        // Only now: before, a contact may get another address, and somebody else the one that it had.
        if (await whose(db, cancellation) is not { } address)
        {
            return new ErasePersonResult.NotFound();
        }

        if (
            await db.ContactImports.AnyAsync(
                import => import.Status == ImportStatus.Queued || import.Status == ImportStatus.Running,
                cancellation
            )
        )
        {
            return new ErasePersonResult.ImportRunning();
        }

        var person = await PersonRows.FindAsync(db, address, cancellation);
        before = before?.Covers(person) == true ? before : null;
        // Else an admin could empty what the log says of them, or of another member.
        foreach (var account in await AccountsAsync(db, person, cancellation))
        {
            if (await Permissions.RoleAsync(db, tenantId, account, cancellation) is not null)
            {
                return new ErasePersonResult.IsMember();
            }
        }

        // A call in doubt must go out again as it is: without its bytes nobody could repeat it safely.
        if (person.Ledger.Any(row => row.State == RecipientState.InDoubt))
        {
            return new ErasePersonResult.InDoubt(options.KeyWindow - options.KeyWindowMargin);
        }

        var hashes = await AddressHashes.OfAsync(db, cancellation);
        var entries = (await EntriesAsync(db, hashes, person, before, cancellation)).ConvertAll(entry =>
            entry.Sequence
        );
        await ForgetMailAsync(db, hashes, person, cancellation);
        foreach (var one in person.Addresses)
        {
            await ForgetAddressAsync(command, hashes, one, before, cancellation);
        }

        await PersonTexts.ForgetEventsAsync(command, person.Addresses, before, cancellation);

        if (person.Contact is { } contact)
        {
            await db
                .Recipients.Where(row => row.ContactId == contact.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.ContactId, (Guid?)null), cancellation);
            await db.Contacts.Where(row => row.Id == contact.Id).ExecuteDeleteAsync(cancellation);
        }

        var ranges = Ranges(entries);
        foreach (var range in ranges)
        {
            await ErasedEntries.EraseAsync(db, tenantId, range[0], range[1], cancellation);
        }

        command.Audit(
            ErasedEntries.PersonErased,
            "address",
            hashes.Of(tenantId, address),
            ErasedPeople.Name,
            new ErasedEntries(ranges)
        );
        return new ErasePersonResult.Erased(person.Contact is not null, person.Ledger.Count, entries.Count);
    }

    /// <summary>
    /// Those that name the person, without those about other members' accounts and roles: who gave whom which rights must
    /// stay, whoever it was.
    /// </summary>
    private static async Task<List<AuditEntry>> EntriesAsync(
        PortalDbContext db,
        AddressHashes hashes,
        PersonRows person,
        PersonSearch? before,
        CancellationToken cancellation
    )
    {
        var accounts = (await AccountsAsync(db, person, cancellation)).ConvertAll(account => account.ToString());
        var entries = await person.EntriesAsync(db, hashes, before, cancellation);
        return entries.FindAll(entry =>
            entry.TargetKind is not ("account" or "member") || accounts.Contains(entry.TargetId)
        );
    }

    private static async Task<List<Guid>> AccountsAsync(
        PortalDbContext db,
        PersonRows person,
        CancellationToken cancellation
    )
    {
        var accounts = new List<Guid>();
        foreach (var one in person.Addresses)
        {
            if (
                EmailAddress.TryParse(one, out var address, out _)
                && await People.FindAsync(db, address, cancellation) is { } account
            )
            {
                accounts.Add(account.Id);
            }
        }

        return accounts;
    }

    private static async Task ForgetMailAsync(
        PortalDbContext db,
        AddressHashes hashes,
        PersonRows person,
        CancellationToken cancellation
    )
    {
        foreach (var place in person.Ledger)
        {
            // A contact that has another address by now keeps its row: by it, nobody mails them a second time. For the same
            // reason the address stays where it is another contact's by now.
            var (email, form) = person.Addresses.Contains(place.NormalizedEmail)
                ? ("", ErasedPeople.Form(hashes, place.TenantId, place.NormalizedEmail))
                : (place.Email, place.NormalizedEmail);
            await db
                .Recipients.Where(row => row.CampaignId == place.CampaignId && row.Number == place.Number)
                .ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(row => row.Email, email)
                            .SetProperty(row => row.NormalizedEmail, form)
                            .SetProperty(row => row.FirstName, (string?)null)
                            .SetProperty(row => row.LastName, (string?)null)
                            .SetProperty(row => row.Detail, (string?)null),
                    cancellation
                );
            await db
                .RecipientFields.Where(row => row.CampaignId == place.CampaignId && row.RecipientNumber == place.Number)
                .ExecuteDeleteAsync(cancellation);
            await db
                .RecipientEvents.Where(row => row.CampaignId == place.CampaignId && row.RecipientNumber == place.Number)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.Detail, (string?)null), cancellation);
            await db
                .WebhookMessages.Where(row => row.CampaignId == place.CampaignId && row.RecipientNumber == place.Number)
                .ExecuteUpdateAsync(
                    set => set.SetProperty(row => row.Body, "{}").SetProperty(row => row.Note, (string?)null),
                    cancellation
                );
            if (place.ChunkNumber is { } chunk)
            {
                // Not in doubt, so these bytes are never sent again.
                await db
                    .Chunks.Where(row =>
                        row.CampaignId == place.CampaignId
                        && row.Number == chunk
                        && row.State != ChunkState.Leased
                        // Of somebody who could not be rendered: the others' call may have to be repeated.
                        && row.DoubtfulSince == null
                    )
                    .ExecuteUpdateAsync(set => set.SetProperty(row => row.Payload, (byte[]?)null), cancellation);
            }

            await db
                .Campaigns.Where(mail => mail.Id == place.CampaignId && mail.Kind == CampaignKind.Email)
                .ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(mail => mail.MailedTo, form)
                            .SetProperty(mail => mail.Name, "")
                            .SetProperty(mail => mail.Subject, "")
                            .SetProperty(mail => mail.Html, "")
                            .SetProperty(mail => mail.Text, (string?)null),
                    cancellation
                );
        }

        var campaigns = person.Ledger.Select(row => row.CampaignId).Distinct().ToList();
        foreach (var (campaignId, address) in campaigns.SelectMany(id => person.Addresses.Select(one => (id, one))))
        {
            await ForgetWordsAsync(db, campaignId, address, cancellation);
        }
    }

    /// <summary>The provider's words name addresses that it refuses.</summary>
    private static async Task ForgetWordsAsync(
        PortalDbContext db,
        Guid campaignId,
        string address,
        CancellationToken cancellation
    )
    {
        await db
            .Attempts.Where(row =>
                row.CampaignId == campaignId && row.Message != null && row.Message.ToLower().Contains(address)
            )
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Message, (string?)null), cancellation);
        await db
            .Chunks.Where(row =>
                row.CampaignId == campaignId && row.LastMessage != null && row.LastMessage.ToLower().Contains(address)
            )
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.LastMessage, (string?)null), cancellation);
        await db
            .Campaigns.Where(row =>
                row.Id == campaignId && row.StopDetail != null && row.StopDetail.ToLower().Contains(address)
            )
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.StopDetail, (string?)null), cancellation);
    }

    private static async Task ForgetAddressAsync(
        CommandContext command,
        AddressHashes hashes,
        string address,
        PersonSearch? before,
        CancellationToken cancellation
    )
    {
        var db = command.Db;
        var form = ErasedPeople.Form(hashes, command.TenantId, address);
        await db.SuppressedAddresses.Where(row => row.NormalizedEmail == address).ExecuteDeleteAsync(cancellation);
        if (!await db.SuppressedAddresses.AnyAsync(row => row.NormalizedEmail == form, cancellation))
        {
            db.SuppressedAddresses.Add(
                new SuppressedAddress
                {
                    TenantId = command.TenantId,
                    Id = command.Ids.New(),
                    NormalizedEmail = form,
                    // The weightiest: nothing replaces it.
                    Reason = SuppressionReason.Complained,
                    CreatedAt = command.Now,
                }
            );
        }

        await db
            .UnsubscribeLinks.Where(row => row.NormalizedEmail == address)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.NormalizedEmail, form), cancellation);
        await PersonTexts.ForgetAsync(command, hashes, address, before, cancellation);
    }

    private static List<long[]> Ranges(List<long> numbers)
    {
        var ranges = new List<long[]>();
        foreach (var number in numbers)
        {
            if (ranges.Count > 0 && ranges[^1][1] == number - 1)
            {
                ranges[^1][1] = number;
            }
            else
            {
                ranges.Add([number, number]);
            }
        }

        return ranges;
    }
}

/// <summary>What a tenant has about one person, for the question before.</summary>
/// <param name="Mails">Rows of ledgers.</param>
/// <param name="Entries">Of the audit log.</param>
/// <param name="IsErased">They were erased before.</param>
public sealed record PersonHoldings(string Address, bool IsContact, int Mails, int Entries, bool IsErased);

public abstract record ErasePersonResult
{
    public sealed record Erased(bool Contact, int Mails, int Entries) : ErasePersonResult;

    public sealed record Invalid(string Message) : ErasePersonResult;

    /// <summary>There is no such contact, or not any more. Nothing was done.</summary>
    public sealed record NotFound : ErasePersonResult;

    /// <summary>A call with their mail is in doubt, and must be able to go out again as it is. Nothing was done.</summary>
    /// <param name="AtMost">So long after its first try it is proven or unknown, and they can be erased.</param>
    public sealed record InDoubt(TimeSpan AtMost) : ErasePersonResult;

    /// <summary>They are a member, and the log of what members do stays while they are. Nothing was done.</summary>
    public sealed record IsMember : ErasePersonResult;

    /// <summary>An uploaded file may have them, and would bring them back. Nothing was done.</summary>
    public sealed record ImportRunning : ErasePersonResult;
}
