using System.Buffers;
using System.Collections.Concurrent;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;

namespace Ledgerpost.Sending;

/// <summary>What a mail needs of one recipient.</summary>
/// <param name="Fields">The own fields as the ledger holds them; null for none.</param>
public sealed record Addressee(
    int Number,
    string Email,
    string NormalizedEmail,
    string? FirstName,
    string? LastName,
    string? Fields = null
);

/// <summary>One recipient's values for one template.</summary>
/// <param name="Own">For each of <see cref="MailTemplate.OwnFields"/> its value; null where there is none.</param>
public readonly record struct PersonValues(Addressee Person, string?[] Own)
{
    public static PersonValues Of(Addressee person, MailTemplate template)
    {
        if (template.OwnFields.Count == 0)
        {
            return new PersonValues(person, []);
        }

        var fields = ContactFields.Read(person.Fields);
        return new PersonValues(person, [.. template.OwnFields.Select(name => fields.GetValueOrDefault(name))]);
    }

    /// <summary>One bit for each value that may be absent: people with the same bits have and lack the same ones.</summary>
    public ulong Bits
    {
        get
        {
            var bits = (Person.FirstName is null ? 0UL : 1) + (Person.LastName is null ? 0UL : 2);
            for (var i = 0; i < Own.Length; i++)
            {
                bits |= Own[i] is null ? 0UL : 4UL << i;
            }

            return bits;
        }
    }
}

/// <summary>
/// Writes the mails of one campaign, whose content never changes any more. Most templates are rendered once for each
/// combination of values that people have or lack; what that cannot do is rendered for each person.
/// </summary>
public sealed class CampaignMails
{
    /// <summary>Forms kept: own fields that are here and there make more combinations than are worth their room.</summary>
    private const int MostForms = 256;

    private readonly Campaign _campaign;

    // Null for a transactional mail, in which nothing is merged.
    private readonly MailTemplate? _template;

    // By PersonValues.Bits.
    private readonly ConcurrentDictionary<ulong, Lazy<MailForm?>> _forms = new();

    public CampaignMails(Campaign campaign)
    {
        _campaign = campaign;
        _template =
            campaign.Kind == CampaignKind.Email
                ? null
                : MailTemplate.Compile(campaign.Subject, campaign.Html, campaign.Text);
    }

    /// <summary>Whether each person's own link to unsubscribe is in them.</summary>
    public bool HaveLinks => _template is not null;

    /// <summary>Whether each person's own fields are in them.</summary>
    public bool HaveFields => _template is { OwnFields.Count: > 0 };

    /// <exception cref="TemplateException">This person's data makes no mail; nothing was written.</exception>
    public void Write(IBufferWriter<byte> output, Addressee person, string unsubscribeUrl, ClaimedChunk chunk)
    {
        if (_template is null)
        {
            MailBatch.WriteEmail(output, _campaign, person.Email, Tags(person, chunk));
            return;
        }

        var values = PersonValues.Of(person, _template);
        if (MailForm.Fits(values) && Form(_template, values) is { } form)
        {
            form.Write(output, values, unsubscribeUrl, chunk);
            return;
        }

        var mail = _template.Render(
            new MergeValues(
                person.Email,
                person.FirstName,
                person.LastName,
                unsubscribeUrl,
                values.Own.Length == 0 ? null : ContactFields.Read(person.Fields)
            )
        );
        MailBatch.WriteMail(output, _campaign, person.Email, mail, unsubscribeUrl, Tags(person, chunk));
    }

    private MailForm? Form(MailTemplate template, PersonValues values)
    {
        if (template.OwnFields.Count > MailPlaces.MostOwn)
        {
            return null;
        }

        var bits = values.Bits;
        if (!_forms.TryGetValue(bits, out var form))
        {
            if (_forms.Count >= MostForms)
            {
                return null;
            }

            form = _forms.GetOrAdd(
                bits,
                _ => new Lazy<MailForm?>(() => MailForm.TryCreate(_campaign, template, values))
            );
        }

        return form.Value;
    }

    private IReadOnlyList<(string Name, string Value)> Tags(Addressee person, ClaimedChunk chunk) =>
        new MailTags(_campaign.Id, person.Number, chunk.Number, chunk.Generation).All;
}
