using AdminPortal.Account;
using AdminPortal.Components.Shared;
using AdminPortal.Hosting;
using AdminPortal.Tenancy;
using Ledgerpost.Data;
using Ledgerpost.Deletion;
using Ledgerpost.Identity;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace AdminPortal.Features.Tenants;

public sealed partial class TenantsPage : IDisposable
{
    private readonly CancellationTokenSource _gone = new();
    private bool _watching;
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
    public required AccountMailer Mailer { get; init; }

    [Inject]
    public required DeleteTenant Delete { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required TimeProvider Time { get; init; }

    [Inject]
    public required PortalOptions Options { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<TenantsPage> Logger { get; init; }

    [CascadingParameter]
    public required Task<AuthenticationState> Authentication { get; init; }

    protected override async Task OnInitializedAsync()
    {
        await LoadAsync();
        _ = WatchAsync();
    }

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

    private static string Progress(TenantDeletion deletion) =>
        deletion.Rows is { } rows
            ? $"{Words.Count(deletion.Removed)} of {Words.Count(rows)} rows are gone"
            : "waits for calls under way";

    private async Task DeleteAsync(TenantHealth tenant)
    {
        try
        {
            var actor = await ActorAsync();
            if (
                await Delete.LookAsync(actor, tenant.TenantId, CancellationToken.None) is not { } holdings
                || !await Confirmations.AskAsync(TenantDeletionQuestion.Of(holdings))
            )
            {
                return;
            }

            if (
                await Delete.ExecuteAsync(actor, tenant.TenantId, holdings.Name, record: null, CancellationToken.None)
                is DeleteTenantResult.OtherName
            )
            {
                Toasts.Failed("It has another name by now.", "Nothing was deleted; look at it again.");
            }
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was deleted.");
        }
        catch (TenantBusyException busy)
        {
            Toasts.Failed(busy.Message, "Nothing was deleted; try again in a minute.");
        }

        await LoadAsync();
        _ = WatchAsync();
    }

    /// <summary>While something is being deleted, the page shows how far it is.</summary>
    private async Task WatchAsync()
    {
        if (_watching)
        {
            return;
        }

        _watching = true;
        try
        {
            while (_tenants?.Any(tenant => tenant.Deletion is not null) == true)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), Time, _gone.Token);
                await LoadAsync();
                StateHasChanged();
            }
        }
        catch (OperationCanceledException)
        {
            // The page is closed.
        }
        finally
        {
            _watching = false;
        }
    }

    public void Dispose()
    {
        _gone.Cancel();
        _gone.Dispose();
    }

    private string? ProblemOf(string field) => _problem?.Errors.FirstOrDefault(error => error.Field == field)?.Message;

    private string? Invalid(string field) => ProblemOf(field) is null ? null : "true";
}
