using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Templates;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Templates;

/// <summary>The tenant's templates, newest first; where the page begins stands in the address.</summary>
public sealed partial class TemplatesPage : IDisposable
{
    private const int PageSize = 50;

    private readonly CancellationTokenSource _closed = new();
    private TemplateListPage? _page;
    private string? _failed;

    [Inject]
    public required TemplateList List { get; init; }

    [Inject]
    public required DeleteTemplate Delete { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<TemplatesPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    [SupplyParameterFromQuery(Name = "after")]
    public Guid? After { get; set; }

    private bool MayEdit => Session.Can(TenantRole.Editor);

    public void Dispose()
    {
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override Task OnParametersSetAsync() => LoadAsync();

    private async Task LoadAsync()
    {
        try
        {
            _page = await List.ExecuteAsync(Session.Caller.Scope, After, PageSize, _closed.Token);
            _failed = null;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "The templates could not be loaded");
            _failed = "The templates could not be loaded.";
        }
    }

    private async Task DeleteAsync(TemplateRow row)
    {
        if (!await Confirmations.AskAsync(DeletionQuestions.Template(row.Name)))
        {
            return;
        }

        try
        {
            var outcome = await Delete.ExecuteAsync(Session.Caller, row.Id);
            if (outcome is TemplateOutcome.Deleted)
            {
                Toasts.Done($"“{row.Name}” was deleted.");
            }
            else
            {
                Toasts.Note("It was deleted already.");
            }
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }

        await LoadAsync();
    }
}
