using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ledgerpost.Deletion;

/// <summary>
/// Finds addresses in texts. The database finds an address's letters, also within a longer one, which is somebody else's. An
/// apostrophe before it belongs to a longer one, unless one behind it makes both quotation marks.
/// </summary>
/// <param name="addresses">Normalised.</param>
internal sealed class WholeAddress(params IReadOnlyList<string> addresses)
{
    private readonly Regex _whole = new(
        $@"(^|[^\w.+%'-])({string.Join('|', addresses.Select(Pattern))})",
        RegexOptions.IgnoreCase
            | RegexOptions.CultureInvariant
            | RegexOptions.ExplicitCapture
            | RegexOptions.NonBacktracking
    );

    public bool IsIn(string? text) => text is not null && _whole.IsMatch(text);

    /// <summary>In a text of the document, as it reads and not as JSON writes it.</summary>
    public bool IsInJson(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return IsIn(document.RootElement);
        }
        catch (JsonException)
        {
            return IsIn(json);
        }
    }

    private static string Pattern(string address) =>
        $@"{Regex.Escape(address)}($|[^\w.-]|\.($|\W))|'{Regex.Escape(address)}'";

    private bool IsIn(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.String => IsIn(element.GetString()),
            JsonValueKind.Array => element.EnumerateArray().Any(IsIn),
            JsonValueKind.Object => element.EnumerateObject().Any(one => IsIn(one.Name) || IsIn(one.Value)),
            _ => false,
        };
}
