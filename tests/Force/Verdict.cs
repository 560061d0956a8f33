namespace Force;

/// <summary>What was found at an end. Zero three times is the promise.</summary>
/// <param name="Duplicates">Mails beyond the first to one address.</param>
/// <param name="Lost">People whose mail is not out and whom nothing will send it to, or whom the ledger believes mailed.</param>
/// <param name="Unexplained">
/// Whatever else does not agree: a mail that the ledger knows nothing of, a call without a written intent, a state without
/// its reason, people without a row, a campaign that has not come to its end.
/// </param>
internal sealed record Verdict(int Duplicates, int Lost, int Unexplained)
{
    public static Verdict Clean { get; } = new(0, 0, 0);

    public static Verdict operator +(Verdict one, Verdict other) =>
        new(one.Duplicates + other.Duplicates, one.Lost + other.Lost, one.Unexplained + other.Unexplained);

    /// <summary>Both ledgers side by side, once the campaign is quiet.</summary>
    public static async Task<Verdict> ReadAsync(Installation installation, Emulator emulator)
    {
        var (total, _) = await ReadByChunkAsync(installation, emulator);
        return total;
    }

    /// <returns>Of everybody, and of those of one chunk by its number.</returns>
    public static async Task<(Verdict Total, Func<int, Verdict> OfChunk)> ReadByChunkAsync(
        Installation installation,
        Emulator emulator
    )
    {
        var provider = await emulator.LedgerAsync();
        var rows = await Ledger.RecipientsAsync(installation);
        var byChunk = rows.GroupBy(row => row.Chunk ?? 0)
            .ToDictionary(
                group => group.Key,
                group =>
                    group.Aggregate(Clean, (sum, row) => sum + Of(row, provider.Mails.GetValueOrDefault(row.Address)))
            );
        var known = rows.Select(row => row.Address).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var strangers = provider.Mails.Keys.Count(address => !known.Contains(address));
        var missing = (int)(await Ledger.ContactsAsync(installation) - rows.Count);
        var intents = await Ledger.IntentsAsync(installation);
        var unwritten = provider.Posts.Sum(post => Math.Max(0, post.Value - intents.GetValueOrDefault(post.Key)));
        var unfinished = await Ledger.StatusAsync(installation) == "Sent" ? 0 : 1;
        var total =
            byChunk.Values.Aggregate(Clean, (sum, verdict) => sum + verdict)
            + new Verdict(0, Math.Max(0, missing), strangers + unwritten + unfinished);
        return (total, chunk => byChunk.GetValueOrDefault(chunk, Clean));
    }

    /// <param name="mails">How many the provider has for this address.</param>
    public static Verdict Of(LedgerRow row, int mails)
    {
        var duplicates = Math.Max(0, mails - 1);
        return row.State switch
        {
            "Accepted" => new Verdict(duplicates, mails == 0 ? 1 : 0, 0),
            // Visible, and a person decides; whether its mail is out is what nobody can know.
            "Unknown" => new Verdict(duplicates, 0, 0),
            "Refused" or "Excluded" => new Verdict(duplicates, 0, mails > 0 || row.Reason is null ? 1 : 0),
            // The campaign is quiet: nobody will send to these any more.
            _ => new Verdict(duplicates, mails == 0 ? 1 : 0, mails > 0 ? 1 : 0),
        };
    }
}
