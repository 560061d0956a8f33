using Ledgerpost.Campaigns;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Templates;

/// <summary>A new draft with a copy of a template's content.</summary>
public sealed class StartFromTemplate(PortalDb portal)
{
    /// <param name="name">The campaign's; the template's where it is empty.</param>
    /// <returns>Null when there is no such template, or not any more.</returns>
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public Task<CreateCampaignResult?> ExecuteAsync(
        Caller caller,
        Guid templateId,
        string? name,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<CreateCampaignResult?>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var template = await command
                    .Db.Templates.AsNoTracking()
                    .SingleOrDefaultAsync(row => row.Id == templateId, token);
                if (template is null)
                {
                    return null;
                }

                return await NewDraft.AddAsync(
                    command,
                    DraftContent.Empty with
                    {
                        Name = string.IsNullOrWhiteSpace(name) ? template.Name : name.Trim(),
                        Subject = template.Subject,
                        Html = template.Html,
                        Text = template.Text,
                    },
                    new { template = template.Name, template.Version },
                    token
                );
            },
            cancellation
        );
}
