using System.Net;

namespace Ledgerpost.Webhooks;

/// <summary>
/// Scanners and privacy proxies that open mails and follow links without a person, as far as the event says who it was: by the
/// words of the user agent, and by networks that their owners publish. What is not in here counts as a person.
/// </summary>
/// <remarks>
/// Sources, as of 2026: Apple's proxies send the user agent <c>Mozilla/5.0</c> and nothing else (Word to the Wise, "Apple MPP",
/// 2021). Gmail's send <c>GoogleImageProxy</c> when a mail is shown, and <c>Edge/12.246 Mozilla/5.0</c> when they fetch ahead
/// (SparkPost, "Gmail prefetching images"). Yahoo's send <c>YahooMailProxy</c> and the address of a help page that says so.
/// Barracuda, Proofpoint, Mimecast, Cisco and Trend Micro name themselves where they name anybody. Microsoft's networks are those of Exchange
/// Online Protection ("Microsoft 365 URLs and IP address ranges", ID 10), where Defender looks at links on behalf of Outlook;
/// Mimecast's, Proofpoint's and Barracuda's are those that their help pages ask customers to let in.
/// </remarks>
public static class KnownMachines
{
    private const string Microsoft = "Microsoft Defender";
    private const string Barracuda = "Barracuda";
    private const string Proofpoint = "Proofpoint";
    private const string Mimecast = "Mimecast";

    /// <summary>The whole user agent of a proxy that says no more.</summary>
    private static readonly (string Agent, string Name)[] Exactly = [("Mozilla/5.0", "Apple Mail Privacy Protection")];

    /// <summary>Parts of user agents, in any case.</summary>
    private static readonly (string Part, string Name)[] Containing =
    [
        ("GoogleImageProxy", "Gmail image proxy"),
        ("Edge/12.246 Mozilla/5.0", "Gmail image proxy"),
        ("YahooMailProxy", "Yahoo Mail proxy"),
        ("SafeLinks", Microsoft),
        ("Barracuda", Barracuda),
        ("Proofpoint", Proofpoint),
        ("urldefense", Proofpoint),
        ("Mimecast", Mimecast),
        ("CiscoSecureEmail", "Cisco Secure Email"),
        ("IronPort", "Cisco Secure Email"),
        ("TMES", "Trend Micro Email Security"),
        ("HeadlessChrome", "Automatic browser"),
        ("python-requests", "Automatic client"),
        ("curl/", "Automatic client"),
        ("Wget/", "Automatic client"),
        ("Go-http-client", "Automatic client"),
    ];

    private static readonly (IPNetwork Network, string Name)[] Networks =
    [
        .. Of(
            Microsoft,
            "40.92.0.0/15",
            "40.107.0.0/16",
            "52.100.0.0/14",
            "104.47.0.0/17",
            "2a01:111:f400::/48",
            "2a01:111:f403::/48"
        ),
        .. Of(Barracuda, "64.235.144.0/20", "209.222.80.0/21"),
        .. Of(Proofpoint, "67.231.144.0/20", "148.163.128.0/19", "205.220.160.0/19"),
        .. Of(
            Mimecast,
            "91.220.42.0/24",
            "185.58.84.0/22",
            "195.130.217.0/24",
            "205.139.110.0/23",
            "207.211.30.0/23",
            "207.82.80.0/24"
        ),
    ];

    /// <returns>Null when it may have been a person.</returns>
    public static string? NameOf(string? userAgent, string? ipAddress)
    {
        var agent = userAgent?.Trim() ?? "";
        return Array.Find(Exactly, known => known.Agent == agent).Name
            ?? Array.Find(Containing, known => agent.Contains(known.Part, StringComparison.OrdinalIgnoreCase)).Name
            ?? (
                IPAddress.TryParse(ipAddress, out var address)
                    ? Array.Find(Networks, known => known.Network.Contains(address)).Name
                    : null
            );
    }

    private static IEnumerable<(IPNetwork, string)> Of(string name, params string[] networks) =>
        networks.Select(network => (IPNetwork.Parse(network), name));
}
