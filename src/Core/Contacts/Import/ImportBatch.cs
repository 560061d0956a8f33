using System.Text.Json;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Contacts.Import;

/// <param name="Start">Where the batch began in the file, in bytes.</param>
/// <param name="Lines">Lines of the file up to its end.</param>
internal sealed record FileSpan(long Start, long End, int Lines);

/// <summary>Another instance has taken this one for gone and has ended its import.</summary>
internal sealed class ImportEndedException : Exception;

/// <summary>
/// Puts an address on the suppression list: contacts do not know it, for it is by address. An editor's import may, since it can only
/// ever mean less mail.
/// </summary>
/// <returns>False when it stands there already.</returns>
public delegate Task<bool> UnsubscribeImported(
    PortalDbContext db,
    string normalizedEmail,
    DateTimeOffset now,
    IIds ids,
    CancellationToken cancellation
);

/// <summary>Some lines of one import in one transaction: contacts, report and position together.</summary>
internal sealed class ImportBatch(
    PortalDbContext db,
    Guid importId,
    ImportColumns columns,
    DateTimeOffset now,
    IIds ids,
    UnsubscribeImported unsubscribe
)
{
    private static readonly Dictionary<string, bool?> Subscribed = new(StringComparer.Ordinal)
    {
        [""] = null,
        ["TRUE"] = true,
        ["YES"] = true,
        ["1"] = true,
        ["FALSE"] = false,
        ["NO"] = false,
        ["0"] = false,
    };

    private const string AllTheSame = " They are unsubscribed all the same.";

    private readonly Guid _tenantId = db.Scope.TenantId;

    /// <summary>What was put on the list is not there to be found before the batch is written.</summary>
    private readonly HashSet<string> _left = new(StringComparer.Ordinal);

    public async Task ApplyAsync(IReadOnlyList<CsvRecord> records, FileSpan span, CancellationToken cancellation)
    {
        var import = await db.ContactImports.SingleAsync(row => row.Id == importId, cancellation);
        if (import.Status is not (ImportStatus.Queued or ImportStatus.Running))
        {
            throw new ImportEndedException();
        }

        if (import.Position != span.Start)
        {
            throw new InvalidOperationException($"Import {importId} was read on from {import.Position} meanwhile.");
        }

        var people = records.Select(record => (Record: record, Person: Read(record))).ToList();
        var addresses = people
            .Where(line => line.Person.Contact is not null)
            .Select(line => line.Person.Contact!.Address.Normalized)
            .Distinct(StringComparer.Ordinal)
            .ToList();
        var known = await db
            .Contacts.Include(contact => contact.Tags)
            .Where(contact => addresses.Contains(contact.NormalizedEmail))
            .ToDictionaryAsync(contact => contact.NormalizedEmail, StringComparer.Ordinal, cancellation);
        var erased = await ErasedPeople.AmongAsync(db, _tenantId, addresses, cancellation);
        foreach (var (record, (person, problem)) in people)
        {
            if (person is not null && erased.Contains(person.Address.Normalized))
            {
                import.Rejected++;
                Report(record, ImportLineOutcome.Rejected, "", ErasedPeople.Refusal);
            }
            else if (person is null)
            {
                import.Rejected++;
                var address = AddressOf(record);
                // A line with more values than columns may say it of something else.
                var left =
                    record.Problem is null && !HasMore(record) && await LeaveAsync(record, address, cancellation);
                Report(record, ImportLineOutcome.Rejected, address, left ? problem + AllTheSame : problem!);
            }
            else
            {
                await TakeAsync(import, record, person, known, cancellation);
            }
        }

        import.Status = ImportStatus.Running;
        import.Lines += records.Count;
        import.Position = span.End;
        import.FileLines = span.Lines;
    }

    private async Task TakeAsync(
        ContactImport import,
        CsvRecord record,
        ValidContact person,
        Dictionary<string, Contact> known,
        CancellationToken cancellation
    )
    {
        // Whatever becomes of the line: they left.
        var left = await LeaveAsync(record, person.Address.Normalized, cancellation);
        var allTheSame = left ? AllTheSame : "";
        if (!known.TryGetValue(person.Address.Normalized, out var contact))
        {
            contact = new Contact
            {
                TenantId = _tenantId,
                Id = ids.New(),
                Email = person.Address.Typed,
                NormalizedEmail = person.Address.Normalized,
                FirstName = person.FirstName,
                LastName = person.LastName,
                Fields = ContactFields.Store(person.Fields!),
                ImportId = importId,
                ImportLine = record.Line,
                CreatedAt = now,
                UpdatedAt = now,
            };
            contact.Tags.AddRange(person.Tags.Select(contact.TagRow));
            db.Contacts.Add(contact);
            known.Add(person.Address.Normalized, contact);
            import.Accepted++;
        }
        else if (contact.ImportId == importId)
        {
            import.Duplicates++;
            Report(
                record,
                ImportLineOutcome.Duplicate,
                contact.Email,
                $"The same address is on line {contact.ImportLine:N0}; this line was not used.{allTheSame}"
            );
        }
        else if (contact.Tags.Select(row => row.Tag).Union(person.Tags).Count() > ContactInput.MaxTags)
        {
            import.Rejected++;
            Report(
                record,
                ImportLineOutcome.Rejected,
                contact.Email,
                $"The contact would have more than {ContactInput.MaxTags} tags.{allTheSame}"
            );
        }
        else if (Merged(contact, person).Count > ContactFields.MaxFields)
        {
            import.Rejected++;
            Report(
                record,
                ImportLineOutcome.Rejected,
                contact.Email,
                $"The contact would have more than {ContactFields.MaxFields} fields.{allTheSame}"
            );
        }
        else
        {
            import.Updated++;
            // No line for what changes nothing: a file that comes each night would leave one for everybody each time.
            if (Update(contact, record, person, left) is { } changed)
            {
                Report(record, ImportLineOutcome.Updated, contact.Email, changed);
            }
        }
    }

    // What says that they are subscribed takes nobody off the list.
    private async Task<bool> LeaveAsync(CsvRecord record, string address, CancellationToken cancellation) =>
        address.Length > 0
        && Subscribed.TryGetValue(Word(record), out var subscribed)
        && subscribed == false
        && _left.Add(address)
        && await unsubscribe(db, address, now, ids, cancellation);

    private bool HasMore(CsvRecord record) => record.Fields.Skip(columns.Count).Any(field => field.Length > 0);

    /// <summary>An empty value says nothing about the contact, so it takes nothing away.</summary>
    /// <returns>What is new, as a sentence; null where nothing is.</returns>
    private string? Update(Contact contact, CsvRecord record, ValidContact person, bool left)
    {
        var changes = new List<string>();
        if (person.FirstName is not null && person.FirstName != contact.FirstName)
        {
            contact.FirstName = person.FirstName;
            changes.Add("first name");
        }

        if (person.LastName is not null && person.LastName != contact.LastName)
        {
            contact.LastName = person.LastName;
            changes.Add("last name");
        }

        var tags = person.Tags.Where(tag => contact.Tags.TrueForAll(row => row.Tag != tag)).ToList();
        if (tags.Count > 0)
        {
            contact.Tags.AddRange(tags.Select(contact.TagRow));
            changes.Add(tags.Count == 1 ? "one tag" : $"{tags.Count} tags");
        }

        if (ContactFields.Store(Merged(contact, person)) is var fields && fields != contact.Fields)
        {
            contact.Fields = fields;
            changes.Add("fields");
        }

        if (left)
        {
            changes.Add("unsubscribed");
        }

        contact.ImportId = importId;
        contact.ImportLine = record.Line;
        if (changes.Count == 0)
        {
            return null;
        }

        contact.UpdatedAt = now;
        return $"It was here already; new: {string.Join(", ", changes)}.";
    }

    private static IReadOnlyDictionary<string, string> Merged(Contact contact, ValidContact person) =>
        person.Fields!.Count == 0
            ? ContactFields.Read(contact.Fields)
            : ContactFields
                .Read(contact.Fields)
                .Where(field => !person.Fields.ContainsKey(field.Key))
                .Concat(person.Fields)
                .ToDictionary(StringComparer.Ordinal);

    private void Report(CsvRecord record, ImportLineOutcome outcome, string email, string reason) =>
        db.ContactImportLines.Add(
            new ContactImportLine
            {
                TenantId = _tenantId,
                ImportId = importId,
                Line = record.Line,
                Outcome = outcome,
                Email = email,
                Reason = reason,
            }
        );

    private (ValidContact? Contact, string? Problem) Read(CsvRecord record)
    {
        if (record.Problem is not null)
        {
            return (null, record.Problem);
        }

        if (HasMore(record))
        {
            return (
                null,
                $"The line has {record.Fields.Count} values for {columns.Count} columns. A value with a separator in it must be in quotes."
            );
        }

        if (Fields(record) is not { } fields)
        {
            return (null, "The value of the column “fields” is not a JSON object of names and texts.");
        }

        if (!Subscribed.ContainsKey(Word(record)))
        {
            // A “falsch” that is passed over would be mailed.
            return (
                null,
                "The value of the column “subscribed” is neither true nor false. Where the column means something else, give it another name."
            );
        }

        var (contact, errors) = new ContactInput(
            Field(record, columns.Email),
            Field(record, columns.FirstName),
            Field(record, columns.LastName),
            Field(record, columns.Tags),
            fields
        ).Check();
        return (contact, contact is null ? string.Join(' ', errors.Select(error => error.Message)) : null);
    }

    /// <summary>
    /// In the form in which an erasure finds it. What is no address is not kept: nobody could say whose it is, and it stands
    /// on its line of the file.
    /// </summary>
    private string AddressOf(CsvRecord record) =>
        EmailAddress.TryParse(Field(record, columns.Email), out var address, out _) ? address.Normalized : "";

    /// <returns>Null where those in one value cannot be read.</returns>
    private Dictionary<string, string?>? Fields(CsvRecord record)
    {
        var json = Field(record, columns.FieldsAsJson);
        Dictionary<string, string?>? fields;
        try
        {
            fields =
                json.Length == 0
                    ? new Dictionary<string, string?>(StringComparer.Ordinal)
                    : JsonSerializer.Deserialize<Dictionary<string, string?>>(json);
        }
        catch (JsonException)
        {
            return null;
        }

        foreach (var (column, name) in columns.Fields)
        {
            // Cells of spreadsheets may have several lines; a field has one.
            if (fields is not null && Field(record, column) is { Length: > 0 } text)
            {
                fields[name] = string.Join(' ', text.Split('\r', '\n', '\t'));
            }
        }

        return fields;
    }

    private string Word(CsvRecord record) => Field(record, columns.Subscribed).Trim().ToUpperInvariant();

    /// <summary>Without the apostrophe that an export puts before what a spreadsheet would run (<see cref="CsvFile"/>).</summary>
    private static string Field(CsvRecord record, int? column) =>
        column is not { } index || index >= record.Fields.Count ? ""
        : record.Fields[index] is ['\'', '=' or '+' or '-' or '@', ..] escaped ? escaped[1..]
        : record.Fields[index];
}
