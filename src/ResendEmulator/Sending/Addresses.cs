using System.Diagnostics.CodeAnalysis;

namespace ResendEmulator.Sending;

/// <summary>Addresses as the provider takes them: <c>a@b</c> or <c>Name &lt;a@b&gt;</c>, ASCII in the address.</summary>
public static class Addresses
{
    /// <summary>Gives the bare address with its domain in lower case.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out string? address)
    {
        address = null;
        var bare = text.Trim();
        if (bare.Contains('\r', StringComparison.Ordinal) || bare.Contains('\n', StringComparison.Ordinal))
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
        if (at is < 1 or > 64 || bare.Length > 254 || !IsLocal(bare.AsSpan(0, at)) || !IsDomain(bare[(at + 1)..]))
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
        if (local[0] == '.' || local[^1] == '.' || local.IndexOf("..", StringComparison.Ordinal) >= 0)
        {
            return false;
        }

        foreach (var c in local)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"!#$%&'*+-/=?^_`{|}~.".Contains(c, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsDomain(string domain)
    {
        var labels = domain.Split('.');
        return labels.Length > 1
            && Array.TrueForAll(
                labels,
                label =>
                    label.Length is > 0 and < 64
                    && label[0] != '-'
                    && label[^1] != '-'
                    && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
            );
    }
}
