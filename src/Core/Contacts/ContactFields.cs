using System.Collections.Frozen;
using System.Linq.Expressions;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Contacts;

/// <summary>What a tenant keeps of its contacts beside address, names and tags: names of its own, each with a line of text.</summary>
public static partial class ContactFields
{
    public const int MaxFields = 50;
    public const int MaxValueLength = 1000;

    /// <summary>Contacts whose fields are read to list the names.</summary>
    private const int Looked = 500;

    private static readonly JsonSerializerOptions Json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static IReadOnlyDictionary<string, string> None { get; } = FrozenDictionary<string, string>.Empty;

    /// <summary>A lower-case letter, then letters, digits and underscores; 40 characters at most.</summary>
    public static bool IsName(string name) => Name().IsMatch(name);

    /// <param name="stored">As <see cref="Contact.Fields"/> holds them.</param>
    public static IReadOnlyDictionary<string, string> Read(string? stored) =>
        stored is null ? None : JsonSerializer.Deserialize<SortedDictionary<string, string>>(stored, Json) ?? None;

    /// <summary>Whether somebody has this field, asked of the text itself: a quote within a value has a backslash before it.</summary>
    /// <param name="name">A name of a field.</param>
    public static Expression<Func<Contact, bool>> Have(string name)
    {
        var written = $"\"{name}\":\"";
        return contact => contact.Fields != null && contact.Fields.Contains(written);
    }

    /// <summary>Names of fields that the newest contacts with any have, sorted: to choose from, not to rely on.</summary>
    public static async Task<IReadOnlyList<string>> NamesAsync(PortalDbContext db, CancellationToken cancellation)
    {
        var newest = await db
            .Contacts.Where(contact => contact.Fields != null)
            .OrderByDescending(contact => contact.CreatedAt)
            .ThenByDescending(contact => contact.Id)
            .Take(Looked)
            .Select(contact => contact.Fields)
            .ToListAsync(cancellation);
        return
        [
            .. newest
                .Distinct(StringComparer.Ordinal)
                .SelectMany(fields => Read(fields).Keys)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Sorted by name, so that the same fields are the same text; null for none.</summary>
    public static string? Store(IReadOnlyDictionary<string, string> fields) =>
        fields.Count == 0
            ? null
            : JsonSerializer.Serialize(
                new SortedDictionary<string, string>(
                    fields.ToDictionary(field => field.Key, field => field.Value, StringComparer.Ordinal),
                    StringComparer.Ordinal
                ),
                Json
            );

    /// <summary>A field without text is no field. Problems name <c>Fields</c>, or <c>Fields.</c> and the name.</summary>
    internal static IReadOnlyDictionary<string, string> Check(
        IReadOnlyDictionary<string, string?> typed,
        List<FieldError> errors
    )
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, text) in typed)
        {
            if (!IsName(name))
            {
                var shown = name.Length <= 40 ? name : KeptText.Cut(name, 40) + "\u2026";
                errors.Add(
                    new FieldError(
                        nameof(Contact.Fields),
                        $"\u201c{shown}\u201d is no name for a field: use lower-case letters, digits and underscores, a letter first, 40 at most."
                    )
                );
            }
            else if (!PlainText.TryParse(text, $"field {name}", MaxValueLength, out var value, out var reason))
            {
                errors.Add(new FieldError($"{nameof(Contact.Fields)}.{name}", reason));
            }
            else if (value is not null)
            {
                fields.Add(name, value);
            }
        }

        if (fields.Count > MaxFields)
        {
            errors.Add(new FieldError(nameof(Contact.Fields), $"A contact can have at most {MaxFields} fields."));
        }

        return fields;
    }

    [GeneratedRegex("^[a-z][a-z0-9_]{0,39}\\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Name();
}
