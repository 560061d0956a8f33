using System.Text.Json;
using Ledgerpost.Sending;

namespace UnitTests.Simulation;

/// <summary>A mail that the provider really took.</summary>
internal sealed record MailOut(
    string Id,
    SimTeam Team,
    Guid Campaign,
    int Recipient,
    int Chunk,
    int Generation,
    string Address,
    string Key,
    DateTimeOffset At
);

/// <summary>The provider's own ledgers, of all accounts.</summary>
internal static class SimMails
{
    public static List<MailOut> Of(SimWorld world) => [.. world.Teams.SelectMany(team => Of(world, team))];

    private static List<MailOut> Of(SimWorld world, SimTeam team) =>
        world.Await(
            world.Provider,
            () =>
                team.Emulator.Database.ReadAsync(sql =>
                    sql.Query(
                        """
                        SELECT m.id, m.tags, r.address, c.idempotency_key, m.at
                        FROM mails m JOIN recipients r ON r.mail_seq=m.seq JOIN calls c ON c.seq=m.call_seq
                        ORDER BY m.seq
                        """,
                        row =>
                        {
                            var tags = MailTags.TryRead(Tags(row.GetString(1)))!;
                            return new MailOut(
                                row.GetString(0),
                                team,
                                tags.CampaignId,
                                tags.Recipient,
                                tags.Chunk,
                                tags.Generation,
                                row.GetString(2),
                                row.GetString(3),
                                ResendEmulator.Storage.Instant.From(row.GetInt64(4))
                            );
                        }
                    )
                )
        );

    private static Dictionary<string, string> Tags(string json)
    {
        using var list = JsonDocument.Parse(json);
        return list
            .RootElement.EnumerateArray()
            .ToDictionary(tag => tag.GetProperty("name").GetString()!, tag => tag.GetProperty("value").GetString()!);
    }
}
