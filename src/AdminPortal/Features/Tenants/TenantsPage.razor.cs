using AdminPortal.Account;
using AdminPortal.Components.Shared;
using AdminPortal.Hosting;
using AdminPortal.Tenancy;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace AdminPortal.Features.Tenants;

public sealed partial class TenantsPage
{
    private IReadOnlyList<TenantHealth>? _tenants;
    private string? _failed;
    private TenantHealth? _ownerless;
    private bool _creating;
    private bool _busy;
    private bool _slugTyped;
    private string _name = "";
    private string _slug = "";
    private string _timeZone = "UTC";
    private string _owner = "";
    private CreateTenantResult.Invalid? _problem;
    private CreateTenantResult.Created? _created;

    [Inject]
    public required TenantHealthList Health { get; init; }

    [Inject]
    public required CreateTenant CreateTenant { get; init; }

    [Inject]
    public required PortalOptions Options { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<TenantsPage> Logger { get; init; }

    [CascadingParameter]
    public required Task<AuthenticationState> Authentication { get; init; }

    protected override Task OnInitializedAsync() => LoadAsync();

    private async Task<Actor> ActorAsync() => (await Authentication).User.AsOperator();

    private async Task LoadAsync()
    {
        _failed = null;
        try
        {
            _tenants = await Health.ReadAsync(await ActorAsync(), CancellationToken.None);
        }
        catch (AccessDeniedException denied)
        {
            _failed = denied.Message;
        }
        catch (Exception exception)
        {
            Logger.LogError(exception, "The tenants could not be read.");
            _failed = "The tenants could not be read.";
        }
    }

    private void Begin() => (_creating, _problem, _created) = (true, null, null);

    private void Close() => _created = null;

    private void Suggest()
    {
        if (!_slugTyped)
        {
            _slug = TenantRules.SuggestSlug(_name);
        }
    }

    private async Task CreateAsync()
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        try
        {
            var result = await CreateTenant.ExecuteAsync(
                await ActorAsync(),
                new TenantInput(_name, _slug, _timeZone, _owner),
                record: null,
                CancellationToken.None
            );
            _problem = result as CreateTenantResult.Invalid;
            if (result is CreateTenantResult.Created created)
            {
                (_created, _creating, _slugTyped) = (created, false, false);
                (_name, _slug, _owner) = ("", "", "");
                await LoadAsync();
            }
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was created.");
        }
        finally
        {
            _busy = false;
        }
    }

    private string? ProblemOf(string field) => _problem?.Errors.FirstOrDefault(error => error.Field == field)?.Message;

    private string? Invalid(string field) => ProblemOf(field) is null ? null : "true";
}
