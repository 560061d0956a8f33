using Ledgerpost.Audit;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Data;
using Ledgerpost.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Ledgerpost.Templates;

public sealed class CreateTemplate(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public Task<TemplateOutcome> ExecuteAsync(
        Caller caller,
        TemplateInput input,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<TemplateOutcome>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var (valid, problems) = input.Check();
                if (valid is null)
                {
                    return new TemplateOutcome.Invalid(problems);
                }

                if (await TemplateNames.ProblemAsync(command.Db, valid.Name, except: null, token) is { } taken)
                {
                    return new TemplateOutcome.Invalid([taken]);
                }

                var template = new Template
                {
                    TenantId = command.TenantId,
                    Id = command.Ids.New(),
                    Name = valid.Name,
                    Subject = valid.Subject,
                    Html = valid.Html,
                    Text = valid.Text,
                    Version = 1,
                    CreatedAt = command.Now,
                    UpdatedAt = command.Now,
                };
                command.Db.Templates.Add(template);
                command.Audit("template.created", "template", template.Id.ToString(), template.Name);
                return new TemplateOutcome.Saved(template.Id, template.Version);
            },
            cancellation
        );
}

public sealed class ChangeTemplate(PortalDb portal)
{
    /// <param name="seen">
    /// The version that the change was made on; an older one changes nothing. Null changes whatever stands there.
    /// </param>
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public Task<TemplateOutcome> ExecuteAsync(
        Caller caller,
        Guid templateId,
        int? seen,
        TemplateInput input,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<TemplateOutcome>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var template = await command.Db.Templates.SingleOrDefaultAsync(row => row.Id == templateId, token);
                if (template is null)
                {
                    return new TemplateOutcome.NotFound();
                }

                var (valid, problems) = input.Check();
                if (valid is null)
                {
                    return new TemplateOutcome.Invalid(problems);
                }

                // Also a repeat whose first answer was lost: the same content is saved already.
                var changed = Changed(template, valid);
                if (changed.TrueForAll(field => field.Before == field.After))
                {
                    return new TemplateOutcome.Saved(templateId, template.Version);
                }

                if (seen is not null && seen != template.Version)
                {
                    return new TemplateOutcome.ChangedMeanwhile(template.Version);
                }

                if (await TemplateNames.ProblemAsync(command.Db, valid.Name, templateId, token) is { } taken)
                {
                    return new TemplateOutcome.Invalid([taken]);
                }

                (template.Name, template.Subject, template.Html, template.Text) = valid;
                template.Version++;
                template.UpdatedAt = command.Now;
                command.Audit(
                    "template.changed",
                    "template",
                    templateId.ToString(),
                    template.Name,
                    FieldDifference.Of(changed)
                );
                return new TemplateOutcome.Saved(templateId, template.Version);
            },
            cancellation
        );

    private static List<ChangedField> Changed(Template before, ValidTemplate after) =>
        [
            new("name", before.Name, after.Name),
            new("subject", before.Subject, after.Subject),
            new("html", before.Html, after.Html),
            new("text", before.Text, after.Text),
        ];
}

public sealed class DeleteTemplate(PortalDb portal)
{
    /// <exception cref="AccessDeniedException">The caller is not an editor.</exception>
    public Task<TemplateOutcome> ExecuteAsync(
        Caller caller,
        Guid templateId,
        CancellationToken cancellation = default
    ) =>
        portal.CommandAsync<TemplateOutcome>(
            caller,
            TenantRole.Editor,
            async (command, token) =>
            {
                var template = await command.Db.Templates.SingleOrDefaultAsync(row => row.Id == templateId, token);
                if (template is null)
                {
                    return new TemplateOutcome.NotFound();
                }

                command.Db.Templates.Remove(template);
                command.Audit("template.deleted", "template", templateId.ToString(), template.Name);
                return new TemplateOutcome.Deleted();
            },
            cancellation
        );
}

public static class TemplateNames
{
    /// <param name="db">Of the tenant.</param>
    /// <param name="name">As typed.</param>
    /// <param name="except">The template that is to have it; null for a new one.</param>
    /// <returns>Null when no other has it, and where it cannot be a name at all.</returns>
    public static async Task<FieldError?> ProblemAsync(
        PortalDbContext db,
        string? name,
        Guid? except,
        CancellationToken cancellation
    ) =>
        PlainText.TryParse(name, "name", TemplateInput.MaxNameLength, out var kept, out _)
        && kept is not null
        && await db.Templates.AnyAsync(template => template.Name == kept && template.Id != except, cancellation)
            ? new FieldError("name", "There is a template of this name already.")
            : null;
}
