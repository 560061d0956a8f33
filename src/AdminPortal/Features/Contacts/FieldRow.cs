using Ledgerpost.Contacts;

namespace AdminPortal.Features.Contacts;

/// <summary>One of a contact's own fields, as it is typed.</summary>
public sealed class FieldRow
{
    public string Name { get; set; } = "";
    public string Value { get; set; } = "";

    public static List<FieldRow> Of(IReadOnlyDictionary<string, string> fields) =>
        [.. fields.Select(field => new FieldRow { Name = field.Key, Value = field.Value })];

    /// <summary>What the rows say; rows without name and value are none.</summary>
    /// <param name="error">Set when a name stands there twice: nobody can say which value is meant.</param>
    public static Dictionary<string, string?> Read(IEnumerable<FieldRow> rows, out FieldError? error)
    {
        var fields = new Dictionary<string, string?>(StringComparer.Ordinal);
        error = null;
        foreach (var row in rows)
        {
            var name = row.Name.Trim();
            if (name.Length + row.Value.Trim().Length > 0 && !fields.TryAdd(name, row.Value))
            {
                error = new FieldError("Fields", $"The field “{name}” is there twice. Remove one.");
            }
        }

        return fields;
    }
}
