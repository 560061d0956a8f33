using System.Text.RegularExpressions;
using Ledgerpost.Contacts;

namespace Ledgerpost.Tenancy;

/// <summary>What a tenant may be called.</summary>
public static partial class TenantRules
{
    public const int NameLimit = 100;

    /// <summary>A sentence that can stand under the field; null when nothing is wrong. It stands in subjects of mails.</summary>
    public static string? NameProblem(string? name) =>
        !PlainText.TryParse(name, "name", NameLimit, out var plain, out var reason) ? reason
        : plain is null ? "Give the organisation a name."
        : null;

    /// <summary>A sentence that can stand under the field; null when nothing is wrong.</summary>
    public static string? SlugProblem(string? slug) =>
        string.IsNullOrWhiteSpace(slug) ? "Give the organisation an address."
        : SlugPattern().IsMatch(slug) ? null
        : "The address may have lower-case letters, digits and hyphens, up to 63, with no hyphen at either end.";

    /// <summary>A sentence that can stand under the field; null when nothing is wrong.</summary>
    public static string? TimeZoneProblem(string? timeZone) =>
        timeZone is not null && TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out _)
            ? null
            : "Choose a time zone from the list.";

    /// <summary>A slug out of a name, to begin with; empty when no letter of the name can stand in one.</summary>
    public static string SuggestSlug(string name)
    {
        var letters = name.Normalize(System.Text.NormalizationForm.FormD)
            .ToLowerInvariant()
            .Select(letter =>
                char.IsAsciiLetterOrDigit(letter) ? letter
                : char.IsLetterOrDigit(letter) || char.IsWhiteSpace(letter) || letter == '-' ? '-'
                : '\0'
            )
            .Where(letter => letter != '\0');
        var slug = string.Join('-', string.Concat(letters).Split('-', StringSplitOptions.RemoveEmptyEntries));
        return slug.Length <= 63 ? slug : slug[..63].TrimEnd('-');
    }

    [GeneratedRegex(
        "^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\z",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex SlugPattern();
}
