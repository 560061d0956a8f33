using System.Globalization;
using Ledgerpost.Audit;

namespace AdminPortal.Features.Audit;

/// <summary>The audit page's state, which is its address: what it looks for, and where it is.</summary>
/// <param name="Slug">Null for the installation's own log.</param>
public sealed record AuditAddress(
    string? Slug,
    string? Actor,
    string? Action,
    string? Target,
    string? From,
    string? To,
    long? Before
)
{
    public string Href => PortalUrls.Audit(Slug, Actor, Action, Target, From, To, Before);

    /// <summary>All that the filters find, as a file.</summary>
    /// <param name="format">csv or json.</param>
    public string Export(string format) => PortalUrls.AuditExport(Slug, format, Actor, Action, Target, From, To);

    /// <summary>The same list from its newest entry.</summary>
    public AuditAddress Newest => this with { Before = null };

    /// <param name="zone">The tenant's: a day in the filter is a day there. An unreadable day narrows nothing.</param>
    public AuditFilter Filter(TimeZoneInfo zone) =>
        new(Blank(Actor), Blank(Action), Blank(Target), Start(From, 0, zone), Start(To, 1, zone));

    /// <summary>A chip per filter, each with the address without it.</summary>
    /// <param name="actorName">What the actor's chip shows.</param>
    public IReadOnlyList<(string Label, string Without)> Chips(Func<string, string> actorName)
    {
        var chips = new List<(string, string)>();
        if (Blank(Actor) is { } actor)
        {
            chips.Add(($"By {actorName(actor)}", (Newest with { Actor = null }).Href));
        }

        if (Blank(Action) is { } action)
        {
            chips.Add((AuditSentences.Label(action), (Newest with { Action = null }).Href));
        }

        if (Blank(Target) is { } target)
        {
            var exact = target.Split(':', 2) is [_, var id] && Guid.TryParse(id, out _);
            chips.Add((exact ? "One target" : $"About \u201c{target}\u201d", (Newest with { Target = null }).Href));
        }

        if (Blank(From) is { } from)
        {
            chips.Add(($"From {from}", (Newest with { From = null }).Href));
        }

        if (Blank(To) is { } to)
        {
            chips.Add(($"Until {to}", (Newest with { To = null }).Href));
        }

        return chips;
    }

    private static string? Blank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static DateTimeOffset? Start(string? day, int later, TimeZoneInfo zone)
    {
        if (
            !DateOnly.TryParseExact(
                Blank(day),
                "yyyy-MM-dd",
                CultureInfo.InvariantCulture,
                DateTimeStyles.None,
                out var date
            )
        )
        {
            return null;
        }

        var midnight = date.AddDays(date < DateOnly.MaxValue ? later : 0).ToDateTime(TimeOnly.MinValue);
        // Some zones skip midnight when summer time begins; the day then starts an hour later.
        while (zone.IsInvalidTime(midnight))
        {
            midnight = midnight.AddMinutes(30);
        }

        return new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)).ToUniversalTime();
    }
}
