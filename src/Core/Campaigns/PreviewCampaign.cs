using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Campaigns;

/// <summary>A mail as one person would get it.</summary>
public abstract record PreviewResult
{
    public sealed record Rendered(RenderedMail Mail, PreviewPerson As) : PreviewResult;

    public sealed record Fault(string Message, int? Line, bool InSubject, bool InText = false) : PreviewResult;
}

/// <param name="Fields">The own fields as the contact, or the ledger, holds them.</param>
public sealed record PreviewPerson(
    Guid? ContactId,
    string Email,
    string? FirstName,
    string? LastName,
    string? Fields = null
)
{
    /// <summary>For a tenant without contacts, and before one is chosen; has every own field, with its name for a value.</summary>
    public static PreviewPerson Sample { get; } = new(null, "alex.sample@example.com", "Alex", "Sample");

    public string Shown =>
        string.Join(' ', new[] { FirstName, LastName }.Where(part => !string.IsNullOrWhiteSpace(part)))
            is { Length: > 0 } name
            ? $"{name} <{Email}>"
            : Email;

    public static PreviewPerson Of(Contact contact) =>
        new(contact.Id, contact.Email, contact.FirstName, contact.LastName, contact.Fields);

    public MergeValues ValuesFor(MailTemplate template, string unsubscribeUrl) =>
        new(
            Email,
            FirstName,
            LastName,
            unsubscribeUrl,
            this == Sample
                ? template.OwnFields.ToDictionary(name => name, name => $"[{name}]", StringComparer.Ordinal)
                : ContactFields.Read(Fields)
        );
}

/// <summary>Renders text that need not be saved yet.</summary>
public sealed class PreviewCampaign(PortalDb database)
{
    /// <summary>Stands where each person's own link will be; leads nowhere.</summary>
    public const string UnsubscribeUrl = "https://unsubscribe.example/preview";

    /// <param name="contactId">Null, or a contact that is gone: the sample.</param>
    public async Task<PreviewResult> ExecuteAsync(
        TenantScope scope,
        string subject,
        string html,
        Guid? contactId,
        CancellationToken cancellation,
        string? text = null
    )
    {
        var person = PreviewPerson.Sample;
        if (contactId is { } id)
        {
            await using var db = database.Read(scope);
            person =
                await db
                    .Contacts.Where(contact => contact.Id == id)
                    .Select(contact => PreviewPerson.Of(contact))
                    .SingleOrDefaultAsync(cancellation)
                ?? person;
        }

        return Render(subject, html, person, text);
    }

    /// <summary>As <paramref name="person"/> would get it; an empty subject is shown, not refused, while one composes.</summary>
    public static PreviewResult Render(string subject, string html, PreviewPerson person, string? text = null)
    {
        try
        {
            var blank = string.IsNullOrWhiteSpace(subject);
            var template = MailTemplate.Compile(
                blank ? "-" : subject,
                html,
                string.IsNullOrWhiteSpace(text) ? null : text
            );
            var mail = template.Render(person.ValuesFor(template, UnsubscribeUrl));
            return new PreviewResult.Rendered(blank ? mail with { Subject = "" } : mail, person);
        }
        catch (TemplateException fault)
        {
            return new PreviewResult.Fault(fault.Message, fault.Line, fault.InSubject, fault.InText);
        }
    }
}

/// <summary>Contacts to look at a mail as: of the campaign's audience, by the start of address or name.</summary>
public sealed class FindPreviewPeople(PortalDb database)
{
    public const int Limit = 20;

    public async Task<IReadOnlyList<PreviewPerson>> ExecuteAsync(
        TenantScope scope,
        AudienceKind kind,
        string? tag,
        Guid? segmentId,
        Guid? continuesId,
        string? search,
        CancellationToken cancellation
    )
    {
        await using var db = database.Read(scope);
        var people = CampaignAudience.Of(db, kind, tag, segmentId, continuesId);
        if (!string.IsNullOrWhiteSpace(search))
        {
            var pattern = LikePattern.StartingWith(search.Trim());
            people = people.Where(contact =>
                EF.Functions.Like(contact.NormalizedEmail, pattern, LikePattern.Escape)
                || EF.Functions.Like(contact.FirstName, pattern, LikePattern.Escape)
                || EF.Functions.Like(contact.LastName, pattern, LikePattern.Escape)
            );
        }

        return await people
            .OrderBy(contact => contact.NormalizedEmail)
            .Take(Limit)
            .Select(contact => PreviewPerson.Of(contact))
            .ToListAsync(cancellation);
    }
}
