using System.Collections.Frozen;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ledgerpost.Contacts;

/// <summary>What a tenant keeps of its contacts beside address, names and tags: names of its own, each with a line of text.</summary>
public static partial class ContactFields
{
    public const int MaxFields = 50;
    public const int MaxValueLength = 1000;

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
                var shown = name.Length <= 40 ? name : name[..40] + "\u2026";
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
