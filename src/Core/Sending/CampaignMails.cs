using System.Buffers;
using Ledgerpost.Campaigns;

namespace Ledgerpost.Sending;

/// <summary>What a mail needs of one recipient.</summary>
public sealed record Addressee(int Number, string Email, string NormalizedEmail, string? FirstName, string? LastName);

/// <summary>
/// Writes the mails of one campaign, whose content never changes any more. Most templates are rendered once for each
/// combination of names that people have or lack; what that cannot do is rendered for each person.
/// </summary>
public sealed class CampaignMails
{
    private readonly Campaign _campaign;

    // Null for a transactional mail, in which nothing is merged.
    private readonly MailTemplate? _template;

    // By "has a first name" and "has a last name".
    private readonly Lazy<MailForm?>[] _forms;

    public CampaignMails(Campaign campaign)
    {
        _campaign = campaign;
        if (campaign.Kind == CampaignKind.Email)
        {
            _forms = [];
            return;
        }

        var template = _template = MailTemplate.Compile(campaign.Subject, campaign.Html, campaign.Text);
        _forms =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(form => new Lazy<MailForm?>(() =>
                    MailForm.TryCreate(campaign, template, firstName: (form & 1) != 0, lastName: (form & 2) != 0)
                )),
        ];
    }

    /// <summary>Whether each person's own link to unsubscribe is in them.</summary>
    public bool HaveLinks => _template is not null;

    /// <exception cref="TemplateException">This person's data makes no mail; nothing was written.</exception>
    public void Write(IBufferWriter<byte> output, Addressee person, string unsubscribeUrl, ClaimedChunk chunk)
    {
        if (_template is null)
        {
            MailBatch.WriteEmail(output, _campaign, person.Email, Tags(person, chunk));
            return;
        }

        var form = (person.FirstName is null ? 0 : 1) + (person.LastName is null ? 0 : 2);
        if (MailForm.Fits(person) && _forms[form].Value is { } written)
        {
            written.Write(output, person, unsubscribeUrl, chunk);
            return;
        }

        var mail = _template.Render(new MergeValues(person.Email, person.FirstName, person.LastName, unsubscribeUrl));
        MailBatch.WriteMail(output, _campaign, person.Email, mail, unsubscribeUrl, Tags(person, chunk));
    }

    private IReadOnlyList<(string Name, string Value)> Tags(Addressee person, ClaimedChunk chunk) =>
        new MailTags(_campaign.Id, person.Number, chunk.Number, chunk.Generation).All;
}
