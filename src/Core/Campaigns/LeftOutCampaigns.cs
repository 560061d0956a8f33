using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Campaigns;

/// <summary>
/// The campaigns whose recipients another one leaves out (<c>exclude_recipients_of</c>), as one text: ids with commas, in
/// the order in which they were named. Who counts as a recipient is decided when the audience is frozen: whoever stands
/// there and is neither refused nor excluded. Pending counts too, since that campaign may mail them yet.
/// </summary>
public static class LeftOutCampaigns
{
    /// <summary>Each is looked into for everybody in the audience.</summary>
    public const int Most = 20;

    /// <summary>Under it the API names them, each with its place.</summary>
    public const string Field = "audience.exclude_recipients_of";

    /// <param name="stored">As <see cref="Campaign.LeavesOut"/> holds them.</param>
    public static IReadOnlyList<Guid> Read(string? stored) =>
        string.IsNullOrEmpty(stored) ? [] : [.. stored.Split(',').Select(Guid.Parse)];

    /// <returns>Null for none.</returns>
    public static string? Store(IEnumerable<Guid>? ids) =>
        string.Join(',', (ids ?? []).Distinct()) is { Length: > 0 } stored ? stored : null;

    /// <summary>What cannot be left out: an id that is no campaign of this tenant, or the campaign itself.</summary>
    /// <param name="known">Named before; they stay, also when the draft that they named has been deleted since.</param>
    internal static async Task<IReadOnlyList<FieldError>> ProblemsAsync(
        PortalDbContext db,
        string? stored,
        string? known,
        Guid? self,
        CancellationToken cancellation
    )
    {
        var (named, before) = (Read(stored), Read(known));
        var found = await db
            .Campaigns.Composed()
            .Where(campaign => named.Contains(campaign.Id) && campaign.Id != self)
            .Select(campaign => campaign.Id)
            .ToListAsync(cancellation);
        var problems = named
            .Select((id, place) => (id, place))
            .Where(each => !found.Contains(each.id) && !before.Contains(each.id))
            .Select(each => new FieldError($"{Field}[{each.place}]", "There is no other campaign with this id."))
            .ToList();
        if (named.Count > Most)
        {
            problems.Add(new FieldError(Field, $"At most {Most} campaigns can be left out."));
        }

        return problems;
    }
}
