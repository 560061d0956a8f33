using System.Linq.Expressions;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Senders;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Campaigns;

/// <param name="People">In the audience now, before anybody is left out.</param>
/// <param name="LeftOut">Of these, unsubscribed, suppressed or in a campaign that is left out.</param>
public sealed record PreflightReport(IReadOnlyList<PreflightItem> Items, int People, int LeftOut)
{
    public bool MayLaunch => Items.All(item => item.Severity != PreflightSeverity.Blocker);

    public IEnumerable<string> Blockers =>
        Items.Where(item => item.Severity == PreflightSeverity.Blocker).Select(item => item.Sentence);
}

/// <summary>Everything that can be known before a launch, as sentences with what to do about each.</summary>
public sealed class Preflight(PortalDb database)
{
    public Task<PreflightReport> ExecuteAsync(TenantScope scope, DraftContent draft, CancellationToken cancellation) =>
        database.ReadSnapshotAsync(scope, (db, token) => CheckAsync(db, draft, token), cancellation);

    /// <summary>Inside the caller's transaction: a launch looks once more, at what is really saved.</summary>
    public static async Task<PreflightReport> CheckAsync(
        PortalDbContext db,
        DraftContent draft,
        CancellationToken cancellation
    )
    {
        var items = new List<PreflightItem>();
        if (string.IsNullOrWhiteSpace(draft.Name))
        {
            items.Add(new(PreflightSeverity.Blocker, "name", "The campaign has no name.", "Give it one."));
        }

        await SenderAsync(db, draft.SenderId, items, cancellation);
        items.AddRange(ContentCheck.Run(draft.Subject, draft.Html, draft.Text));
        var (people, leftOut) = await AudienceAsync(db, draft, items, cancellation);
        return new PreflightReport([.. items.Distinct().OrderBy(item => item.Severity)], people, leftOut);
    }

    private static async Task SenderAsync(
        PortalDbContext db,
        Guid? senderId,
        List<PreflightItem> items,
        CancellationToken cancellation
    )
    {
        var sender = await db
            .SenderIdentities.Include(row => row.Domain)
            .SingleOrDefaultAsync(row => row.Id == senderId, cancellation);
        if (sender is null)
        {
            items.Add(
                new(
                    PreflightSeverity.Blocker,
                    "sender",
                    senderId is null ? "No sender is chosen." : "The sender was deleted.",
                    "Choose who the mail comes from."
                )
            );
            return;
        }

        var choice = SenderChoice.Of(sender);
        items.Add(
            choice.DomainStatus == DomainStatus.Verified
                ? new(PreflightSeverity.Ok, "sender", $"The domain {choice.Domain} is verified.")
                : new(
                    PreflightSeverity.Blocker,
                    "sender",
                    $"The domain {choice.Domain} is not verified, so the provider would refuse every mail.",
                    "Add its DNS records and verify it under Senders."
                )
        );
    }

    private static async Task<(int People, int LeftOut)> AudienceAsync(
        PortalDbContext db,
        DraftContent draft,
        List<PreflightItem> items,
        CancellationToken cancellation
    )
    {
        if (draft is { ContinuesId: null, AudienceKind: AudienceKind.Tag, AudienceTag: null or "" })
        {
            items.Add(new(PreflightSeverity.Blocker, "audience", "No tag is chosen.", "Choose one."));
            return (0, 0);
        }

        if (
            draft is { ContinuesId: null, AudienceKind: AudienceKind.Segment }
            && !await db.Segments.AnyAsync(row => row.Id == draft.AudienceSegmentId, cancellation)
        )
        {
            var sentence = draft.AudienceSegmentId is null ? "No segment is chosen." : "The segment was deleted.";
            items.Add(new(PreflightSeverity.Blocker, "audience", sentence, "Choose one."));
            return (0, 0);
        }

        var audience = CampaignAudience.Of(
            db,
            draft.AudienceKind,
            draft.AudienceTag,
            draft.AudienceSegmentId,
            draft.ContinuesId
        );
        var people = await audience.CountAsync(cancellation);
        var leftOut = await audience
            .Join(
                db.SuppressedAddresses,
                contact => contact.NormalizedEmail,
                row => row.NormalizedEmail,
                (contact, _) => contact.Id
            )
            .CountAsync(cancellation);
        var elsewhere = draft.ContinuesId is null
            ? await LeftOutAsync(db, audience, draft.LeavesOut, items, cancellation)
            : 0;
        items.Add(Audience(people, leftOut, elsewhere));
        leftOut += elsewhere;
        await BareFieldsAsync(db, audience, draft, people, items, cancellation);
        return (people, leftOut);
    }

    /// <returns>How many of the audience are recipients of the campaigns that are left out.</returns>
    private static async Task<int> LeftOutAsync(
        PortalDbContext db,
        IQueryable<Contact> audience,
        string? leavesOut,
        List<PreflightItem> items,
        CancellationToken cancellation
    )
    {
        var campaigns = LeftOutCampaigns.Read(leavesOut);
        if (campaigns.Count == 0)
        {
            return 0;
        }

        var empty = await db
            .Campaigns.Where(row =>
                campaigns.Contains(row.Id)
                && (row.Status == CampaignStatus.Draft || row.Status == CampaignStatus.Scheduled)
            )
            .OrderBy(row => row.Name)
            .Select(row => row.Name)
            .ToListAsync(cancellation);
        items.AddRange(
            empty.Select(name => new PreflightItem(
                PreflightSeverity.Warning,
                "audience",
                $"\u201c{name}\u201d has not been launched: leaving out its recipients leaves out nobody yet.",
                "Launch it first, or leave it as it is."
            ))
        );
        return await db.CountRecipientsOfAsync(CampaignAudience.NotSuppressed(db, audience), campaigns, cancellation);
    }

    private static PreflightItem Audience(int people, int suppressed, int elsewhere) =>
        (people, suppressed + elsewhere) switch
        {
            (0, _) => new(
                PreflightSeverity.Blocker,
                "audience",
                "Nobody is in this audience.",
                "Choose another one, or add contacts."
            ),
            var (_, leftOut) when people == leftOut => new(
                PreflightSeverity.Blocker,
                "audience",
                elsewhere == 0
                    ? "Everybody in this audience is unsubscribed or suppressed."
                    : "Everybody in this audience is unsubscribed, suppressed or in a campaign that is left out.",
                "Choose another one."
            ),
            (_, 0) => new(PreflightSeverity.Ok, "audience", $"{Text.People(people)} will get it."),
            _ when elsewhere == 0 => new(
                PreflightSeverity.Ok,
                "audience",
                $"{Text.People(people - suppressed)} will get it; {suppressed:N0} are left out, unsubscribed or suppressed."
            ),
            _ => new(
                PreflightSeverity.Ok,
                "audience",
                $"{Text.People(people - suppressed - elsewhere)} will get it; left out: {suppressed:N0} unsubscribed or suppressed, {elsewhere:N0} as recipients of another campaign."
            ),
        };

    private static async Task BareFieldsAsync(
        PortalDbContext db,
        IQueryable<Contact> audience,
        DraftContent draft,
        int people,
        List<PreflightItem> items,
        CancellationToken cancellation
    )
    {
        (string Where, string? Text)[] parts = [("subject", draft.Subject), ("html", draft.Html), ("text", draft.Text)];
        var uses = parts
            .SelectMany(part => MergeFields.Uses(part.Text ?? "").Select(use => (part.Where, use.Field, use.How)))
            .ToList();
        // Who asks #if has thought of those without.
        var asked = uses.Where(use => use.How == HowUsed.Asked).Select(use => use.Field).ToHashSet();
        foreach (var field in uses.DistinctBy(use => use.Field).OrderBy(use => use.Field, StringComparer.Ordinal))
        {
            var own = MergeFields.OwnName(field.Field);
            var isBare = uses.Contains(field with { How = HowUsed.Bare }) && !asked.Contains(field.Field);
            if (own is not null && !await db.Contacts.AnyAsync(ContactFields.Have(own), cancellation))
            {
                items.Add(await UnknownAsync(db, field.Where, own, cancellation));
            }
            else if (isBare && Has(field.Field, own) is { } has)
            {
                var without = people - await audience.CountAsync(has, cancellation);
                if (without > 0)
                {
                    items.Add(Bare(field.Where, field.Field, own, without, people));
                }
            }
        }
    }

    /// <returns>Null for a field that everybody has.</returns>
    private static Expression<Func<Contact, bool>>? Has(string field, string? own) =>
        field switch
        {
            "first_name" => contact => contact.FirstName != null,
            "last_name" => contact => contact.LastName != null,
            _ => own is null ? null : ContactFields.Have(own),
        };

    private static PreflightItem Bare(string where, string field, string? own, int without, int people) =>
        new(
            PreflightSeverity.Warning,
            where,
            $"{Text.People(without)} of {people:N0} have no {(own is null ? field.Replace('_', ' ') : $"field \u201c{own}\u201d")}: {{{{{field}}}}} stays empty for them.",
            $"Write {{{{fallback {field} \"{(own is null ? "friend" : "...")}\"}}}} instead."
        );

    private static async Task<PreflightItem> UnknownAsync(
        PortalDbContext db,
        string where,
        string own,
        CancellationToken cancellation
    )
    {
        var names = await ContactFields.NamesAsync(db, cancellation);
        return new(
            PreflightSeverity.Warning,
            where,
            $"No contact has a field \u201c{own}\u201d: {{{{{MergeFields.OwnField(own)}}}}} is empty for everybody.",
            names.Count == 0
                ? "Your contacts have no own fields yet; add them by an import or at a contact."
                : $"Your contacts have {string.Join(", ", names.Select(MergeFields.OwnField))}."
        );
    }
}

internal static class Text
{
    public static string People(int count) => count == 1 ? "1 person" : $"{count:N0} people";
}
