using System.Text.Json;

namespace Ledgerpost.Audit;

/// <summary>An entry's JSON as lines that a person can read.</summary>
public static class AuditDifference
{
    /// <summary>
    /// With <c>before</c> and <c>after</c>: the fields that differ. Otherwise every value by its name. Text that is no JSON
    /// stays as it is.
    /// </summary>
    public static IReadOnlyList<DifferenceLine> Lines(string? details)
    {
        if (string.IsNullOrEmpty(details))
        {
            return [];
        }

        try
        {
            using var document = JsonDocument.Parse(details);
            var root = document.RootElement;
            return root.ValueKind != JsonValueKind.Object ? [new DifferenceLine("details", null, Shown(root))]
                : root.TryGetProperty("before", out var before)
                && before.ValueKind == JsonValueKind.Object
                && root.TryGetProperty("after", out var after)
                && after.ValueKind == JsonValueKind.Object
                    ? [.. Differences(before, after)]
                :
                [
                    .. root.EnumerateObject()
                        .Select(field => new DifferenceLine(Name(field.Name), null, Shown(field.Value))),
                ];
        }
        catch (JsonException)
        {
            return [new DifferenceLine("details", null, details)];
        }
    }

    private static IEnumerable<DifferenceLine> Differences(JsonElement before, JsonElement after)
    {
        var names = before
            .EnumerateObject()
            .Concat(after.EnumerateObject())
            .Select(field => field.Name)
            .Distinct(StringComparer.Ordinal);
        foreach (var name in names)
        {
            var old = before.TryGetProperty(name, out var was) ? Shown(was) : "";
            var now = after.TryGetProperty(name, out var becomes) ? Shown(becomes) : "";
            if (old != now)
            {
                yield return new DifferenceLine(Name(name), old, now);
            }
        }
    }

    private static string Shown(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => value.GetString() ?? "",
            JsonValueKind.Null or JsonValueKind.Undefined => "",
            JsonValueKind.True => "yes",
            JsonValueKind.False => "no",
            JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(Shown)),
            JsonValueKind.Object => string.Join(
                ", ",
                value.EnumerateObject().Select(field => $"{Name(field.Name)}: {Shown(field.Value)}")
            ),
            _ => value.GetRawText(),
        };

    private static string Name(string field) => field.Replace('_', ' ');
}

/// <param name="Was">Null where the line is a fact and not a change.</param>
public sealed record DifferenceLine(string Name, string? Was, string Is);
