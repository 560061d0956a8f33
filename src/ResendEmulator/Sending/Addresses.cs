using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace ResendEmulator.Sending;

/// <summary>Addresses as the provider takes them: <c>a@b</c> or <c>Name &lt;a@b&gt;</c>, ASCII in the address.</summary>
public static class Addresses
{
    private const string LettersAndDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private static readonly SearchValues<char> LocalCharacters = SearchValues.Create(
        LettersAndDigits + "!#$%&'*+-/=?^_`{|}~."
    );

    private static readonly SearchValues<char> LabelCharacters = SearchValues.Create(LettersAndDigits + "-");

    /// <summary>Gives the bare address with its domain in lower case.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out string? address)
    {
        address = null;
        var bare = text.Trim();
        if (bare.AsSpan().ContainsAny('\r', '\n'))
        {
            return false;
        }

        if (bare.EndsWith('>'))
        {
            var open = bare.LastIndexOf('<');
            if (open < 0)
            {
                return false;
            }

            bare = bare[(open + 1)..^1];
        }

        var at = bare.LastIndexOf('@');
        if (at is < 1 or > 64 || bare.Length > 254 || !IsLocal(bare.AsSpan(0, at)) || !IsDomain(bare.AsSpan(at + 1)))
        {
            return false;
        }

        address = bare[..at] + "@" + bare[(at + 1)..].ToLowerInvariant();
        return true;
    }

    public static string DomainOf(string address) => address[(address.LastIndexOf('@') + 1)..];

    /// <summary>The part before @ without its +label, in lower case.</summary>
    public static string MailboxOf(string address)
    {
        var local = address[..address.LastIndexOf('@')].ToLowerInvariant();
        var plus = local.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 ? local : local[..plus];
    }

    private static bool IsLocal(ReadOnlySpan<char> local)
    {
        if (local[0] == '.' || local[^1] == '.' || local.Contains("..", StringComparison.Ordinal))
        {
            return false;
        }

        return !local.ContainsAnyExcept(LocalCharacters);
    }

    private static bool IsDomain(ReadOnlySpan<char> domain)
    {
        var labels = 0;
        foreach (var range in domain.Split('.'))
        {
            var label = domain[range];
            if (
                label.Length is 0 or > 63
                || label[0] == '-'
                || label[^1] == '-'
                || label.ContainsAnyExcept(LabelCharacters)
            )
            {
                return false;
            }

            labels++;
        }

        return labels > 1;
    }
}
