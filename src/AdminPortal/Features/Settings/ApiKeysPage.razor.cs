using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Programs;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Settings;

public sealed partial class ApiKeysPage
{
    private IReadOnlyList<ApiKeyRow>? _keys;
    private ApiKeyOutcome.Created? _created;
    private string? _failed;
    private bool _busy;

    [Inject]
    public required ApiKeyList List { get; init; }

    [Inject]
    public required RevokeApiKey Revoke { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required ILogger<ApiKeysPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Tenant { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    /// <summary><c>new</c> while the form is open.</summary>
    [SupplyParameterFromQuery(Name = "key")]
    public string? Open { get; set; }

    private bool MayChange => Tenant.Can(TenantRole.Owner);

    private bool Adding => Open == "new";

    protected override Task OnInitializedAsync() => MayChange ? LoadAsync() : Task.CompletedTask;

    private async Task LoadAsync()
    {
        _failed = null;
        try
        {
            _keys = await List.ExecuteAsync(Tenant.Caller, after: null, ApiKeyList.MaxPageSize, CancellationToken.None);
        }
        catch (Exception exception)
        {
            Logger.LogError(exception, "The API keys could not be read.");
            _failed = "The API keys could not be read.";
        }
    }

    private Task CreatedAsync(ApiKeyOutcome.Created created)
    {
        _created = created;
        Navigation.NavigateTo(PortalUrls.ApiKeys(Tenant.Slug));
        return LoadAsync();
    }

    private async Task RevokeAsync(ApiKeyRow key)
    {
        var sure = await Confirmations.AskAsync(KeyRevocation.Question(key.Name, key.Ending));
        if (!sure || _busy)
        {
            return;
        }

        _busy = true;
        try
        {
            var done = await Revoke.ExecuteAsync(Tenant.Caller, key.Id, CancellationToken.None);
            KeyRevocation.Say(Toasts, key.Name, done is ApiKeyOutcome.Revoked);

            if (_created?.Key.Id == key.Id)
            {
                _created = null;
            }
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }
        finally
        {
            _busy = false;
        }

        await LoadAsync();
    }
}
