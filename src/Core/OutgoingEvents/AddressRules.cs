using System.Net;
using System.Net.Sockets;

namespace Ledgerpost.OutgoingEvents;

/// <summary>
/// Which addresses a tenant may have the server call: those of the public internet. What is not known to be public is not
/// (the special-purpose registries of IANA).
/// </summary>
public static class AddressRules
{
    private static readonly IPNetwork[] NotPublic =
    [
        .. new[]
        {
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            // The metadata services of clouds are in here.
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            // The relays of 6to4.
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            // Multicast, what is reserved, and the broadcast.
            "224.0.0.0/3",
            // Of what is public in IPv6, what leads elsewhere or is for examples: Teredo, benchmarks, ORCHID, 6to4.
            "2001::/23",
            "2001:db8::/32",
            "2002::/16",
            "3fff::/20",
        }.Select(IPNetwork.Parse),
    ];

    /// <summary>The only part of IPv6 that is given out for the public internet.</summary>
    private static readonly IPNetwork Global6 = IPNetwork.Parse("2000::/3");

    public static bool IsPublic(IPAddress address)
    {
        // ::ffff:10.0.0.1 is 10.0.0.1.
        var real = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return real.AddressFamily switch
        {
            AddressFamily.InterNetwork => !IsListed(real),
            // NAT64 (64:ff9b::/96), loopback, link-local, unique local and multicast all lie outside.
            AddressFamily.InterNetworkV6 => Global6.Contains(WithoutScope(real)) && !IsListed(WithoutScope(real)),
            _ => false,
        };
    }

    private static bool IsListed(IPAddress address) => NotPublic.Any(network => network.Contains(address));

    private static IPAddress WithoutScope(IPAddress address) => new(address.GetAddressBytes());
}

/// <summary>What an endpoint's address must look like; where it leads is asked at each connection.</summary>
public static class EndpointUrl
{
    /// <returns>Null when it may be used; else why not, as a sentence.</returns>
    public static string? Problem(string? text, OutgoingEventOptions options)
    {
        if (
            string.IsNullOrWhiteSpace(text)
            || text.Length > Outbox.EventEndpoint.MaxUrlLength
            || text.Any(letter => letter is <= ' ' or '\\' or > '~')
            || !Uri.TryCreate(text, UriKind.Absolute, out var url)
            || url.HostNameType is UriHostNameType.Unknown or UriHostNameType.Basic
        )
        {
            return "Give a whole address, such as https://example.org/hooks.";
        }

        if (url.Scheme != Uri.UriSchemeHttps && !(options.AllowPrivateAddresses && url.Scheme == Uri.UriSchemeHttp))
        {
            return "Must begin with https://.";
        }

        if (url.UserInfo.Length > 0)
        {
            return "Must not hold a user name or password; check the signature instead.";
        }

        if (url.Fragment.Length > 0)
        {
            return "Must not have a part after #, which is never sent.";
        }

        if (options.AllowPrivateAddresses)
        {
            return null;
        }

        // Mail, databases and remote shells listen below; whoever takes events there does so on purpose on 443.
        if (url.Port != 443 && url.Port < 1024)
        {
            return "The port must be 443 or at least 1024.";
        }

        return IsPrivateName(url)
            ? "Leads to this machine or a private network, which this installation does not call."
            : null;
    }

    private static bool IsPrivateName(Uri url)
    {
        var host = url.IdnHost.TrimEnd('.');
        return IPAddress.TryParse(host, out var address)
            ? !AddressRules.IsPublic(address)
            : !host.Contains('.', StringComparison.Ordinal)
                || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
                || host.EndsWith(".local", StringComparison.OrdinalIgnoreCase)
                || host.EndsWith(".internal", StringComparison.OrdinalIgnoreCase);
    }
}
