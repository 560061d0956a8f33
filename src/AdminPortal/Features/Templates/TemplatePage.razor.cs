using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Templates;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Templates;

/// <summary>A new template, or one that is there; what was typed stays until it was saved.</summary>
public sealed partial class TemplatePage : IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private IReadOnlyList<FieldError> _problems = [];
    private Form? _form;
    private OwnFields _own = OwnFields.None;
    private Guid? _shown;
    private string? _problem;
    private int _version;
    private bool _missing;
    private bool _saving;

    [Inject]
    public required TemplateList List { get; init; }

    [Inject]
    public required OwnFieldNames OwnFieldNames { get; init; }

    [Inject]
    public required CreateTemplate Create { get; init; }

    [Inject]
    public required ChangeTemplate Change { get; init; }

    [Inject]
    public required DeleteTemplate Delete { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required ILogger<TemplatePage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    /// <summary>Null for a new one.</summary>
    [Parameter]
    public Guid? Id { get; set; }

    private bool MayEdit => Session.Can(TenantRole.Editor);

    private string Title =>
        _missing ? "No such template"
        : string.IsNullOrWhiteSpace(_form?.Name) ? (Id is null ? "New template" : "Template")
        : _form.Name;

    private static string FieldNames { get; } =
        string.Join(", ", MergeFields.Known.Order(StringComparer.Ordinal).Select(name => $"{{{{{name}}}}}"));

    private static string Braced(string own) => $"{{{{{MergeFields.OwnField(own)}}}}}";

    public void Dispose()
    {
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override async Task OnParametersSetAsync()
    {
        if (_form is not null && _shown == Id)
        {
            return;
        }

        (_problems, _problem, _shown) = ([], null, Id);
        if (Id is not { } id)
        {
            _form = new Form();
            _missing = !MayEdit;
        }
        else if (await List.FindAsync(Session.Caller.Scope, id, _closed.Token) is { } template)
        {
            (_form, _version) = (Form.Of(template), template.Version);
        }
        else
        {
            _missing = true;
        }

        await LookAsync();
    }

    private async Task LookAsync()
    {
        if (_form is { } form)
        {
            var used = MergeFields.Own(form.Subject, form.Html, form.Text);
            _own = await OwnFieldNames.ExecuteAsync(Session.Caller.Scope, used, _closed.Token);
        }
    }

    private string? Invalid(string field) => _problems.Any(problem => problem.Field == field) ? "true" : null;

    private async Task SaveAsync()
    {
        (_saving, _problems, _problem) = (true, [], null);
        try
        {
            Show(
                Id is { } id
                    ? await Change.ExecuteAsync(Session.Caller, id, _version, _form!.Input)
                    : await Create.ExecuteAsync(Session.Caller, _form!.Input)
            );
        }
        catch (AccessDeniedException denied)
        {
            _problem = denied.Message;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "A template could not be saved");
            _problem = "The template could not be saved. What you typed is still here; try again.";
        }
        finally
        {
            _saving = false;
        }
    }

    private void Show(TemplateOutcome outcome)
    {
        switch (outcome)
        {
            case TemplateOutcome.Saved saved when Id is null:
                Toasts.Done("The template was created.");
                (_shown, _version) = (saved.TemplateId, saved.Version);
                Navigation.NavigateTo(PortalUrls.Template(Session.Slug, saved.TemplateId), replace: true);
                break;
            case TemplateOutcome.Saved saved:
                _version = saved.Version;
                Toasts.Done("The template was saved.");
                break;
            case TemplateOutcome.Invalid invalid:
                _problems = invalid.Problems;
                break;
            case TemplateOutcome.ChangedMeanwhile:
                _problem =
                    "Somebody changed this template while you did. Nothing was saved; copy what you need, then open it again.";
                break;
            default:
                _problem = "This template was deleted meanwhile. Nothing was saved; what you typed is still here.";
                break;
        }
    }

    private async Task DeleteAsync()
    {
        if (Id is not { } id || !await Confirmations.AskAsync(DeletionQuestions.Template(_form!.Name)))
        {
            return;
        }

        try
        {
            await Delete.ExecuteAsync(Session.Caller, id);
            Toasts.Done("The template was deleted.");
            Navigation.NavigateTo(PortalUrls.Templates(Session.Slug));
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }
    }

    private sealed class Form
    {
        public string Name { get; set; } = "";
        public string Subject { get; set; } = "";
        public string Html { get; set; } = "";
        public string? Text { get; set; }

        public TemplateInput Input => new(Name, Subject, Html, Text);

        public static Form Of(Template template) =>
            new()
            {
                Name = template.Name,
                Subject = template.Subject,
                Html = template.Html,
                Text = template.Text,
            };
    }
}
