using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.OutgoingEvents;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.OutgoingEvents;

/// <summary>One endpoint: what it is told, how it does, and the log of its deliveries.</summary>
public sealed partial class WebhookPage
{
    private const int PageSize = 50;

    private EndpointRow? _endpoint;
    private IReadOnlyList<DeliveryRow>? _rows;
    private Guid? _next;
    private string? _secret;
    private string? _failed;
    private bool _missing;
    private bool _busy;

    [Inject]
    public required EndpointList Endpoints { get; init; }

    [Inject]
    public required DeliveryList Deliveries { get; init; }

    [Inject]
    public required ChangeEndpoint Change { get; init; }

    [Inject]
    public required DeleteEndpoint Delete { get; init; }

    [Inject]
    public required RotateEndpointSecret Rotate { get; init; }

    [Inject]
    public required SendTestEvent Test { get; init; }

    [Inject]
    public required ReplayDelivery Replay { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required TimeProvider Time { get; init; }

    [Inject]
    public required ILogger<WebhookPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Tenant { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    [Parameter]
    public required Guid Id { get; set; }

    [SupplyParameterFromQuery]
    public string? State { get; set; }

    [SupplyParameterFromQuery]
    public Guid? After { get; set; }

    /// <summary>The form is open.</summary>
    [SupplyParameterFromQuery]
    public string? Edit { get; set; }

    private bool MayChange => Tenant.Can(TenantRole.Admin);

    private bool Editing => Edit == "1";

    protected override Task OnParametersSetAsync() => MayChange ? LoadAsync() : Task.CompletedTask;

    private string Href(string? state = null, Guid? after = null) => PortalUrls.Webhook(Tenant.Slug, Id, state, after);

    private async Task LoadAsync()
    {
        try
        {
            var rows = await Deliveries.ExecuteAsync(
                Tenant.Caller.Scope,
                Id,
                WebhookWords.Parse(State),
                After,
                PageSize + 1,
                CancellationToken.None
            );
            // After its deliveries, so that none of them is newer than what is said of their endpoint.
            _endpoint = await Endpoints.FindAsync(Tenant.Caller.Scope, Id, CancellationToken.None);
            _missing = _endpoint is null || rows is null;
            _rows = rows?.Take(PageSize).ToList();
            _next = rows?.Count > PageSize ? rows[PageSize - 1].Id : null;
            _failed = null;
        }
        catch (Exception failure)
        {
            Logger.LogError(failure, "The deliveries could not be read.");
            _failed = "The deliveries could not be read.";
        }
    }

    private Task SavedAsync(EndpointOutcome.Saved saved)
    {
        _endpoint = saved.Endpoint;
        Toasts.Done("The endpoint was changed.");
        Navigation.NavigateTo(Href());
        return Task.CompletedTask;
    }

    private Task TestAsync() =>
        DoAsync(
            () => Test.ExecuteAsync(Tenant.Caller, Id, CancellationToken.None),
            "A test event goes out. Load the page again to see what became of it."
        );

    private Task ReplayAsync(DeliveryRow row) =>
        DoAsync(
            () => Replay.ExecuteAsync(Tenant.Caller, row.Id, CancellationToken.None),
            "The event goes out again. Load the page again to see what became of it."
        );

    private Task SwitchAsync(bool on) =>
        DoAsync(
            () =>
                Change.ExecuteAsync(
                    Tenant.Caller,
                    Id,
                    row => new EndpointInput(row.Url, row.Events, on),
                    CancellationToken.None
                ),
            on ? "The endpoint is on. What waited goes out now." : "The endpoint is off. Nothing is written for it now."
        );

    private async Task RotateAsync()
    {
        if (
            await Confirmations.AskAsync(
                new Confirmation(
                    "Make a new secret?",
                    [
                        "It is shown once. For a day both secrets sign, then only the new one.",
                        "A secret from before the last change stops signing at once.",
                    ],
                    "Make a new secret"
                )
            )
        )
        {
            await DoAsync(
                async () =>
                {
                    var outcome = await Rotate.ExecuteAsync(Tenant.Caller, Id, CancellationToken.None);
                    _secret = (outcome as EndpointOutcome.Saved)?.Secret;
                    return outcome;
                },
                "A new secret was made."
            );
        }
    }

    private async Task DeleteAsync()
    {
        if (
            await Confirmations.AskAsync(
                new Confirmation(
                    "Delete this endpoint?",
                    [
                        "Nothing more is sent to it, also nothing that waits.",
                        "The log of its deliveries is deleted with it.",
                    ],
                    "Delete the endpoint",
                    Danger: true
                )
            )
        )
        {
            await DoAsync(
                () => Delete.ExecuteAsync(Tenant.Caller, Id, CancellationToken.None),
                "The endpoint was deleted."
            );
            Navigation.NavigateTo(PortalUrls.Webhooks(Tenant.Slug));
        }
    }

    private async Task DoAsync(Func<Task<EndpointOutcome>> command, string done)
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        try
        {
            switch (await command())
            {
                case EndpointOutcome.Saved or EndpointOutcome.Asked or EndpointOutcome.Deleted:
                    Toasts.Done(done);
                    break;
                case EndpointOutcome.Invalid invalid:
                    Toasts.Failed(invalid.Errors[0].Message, "Nothing was changed.");
                    break;
                case EndpointOutcome.NotEnabled:
                    Toasts.Failed("The endpoint is disabled.", "Nothing was sent. Switch it on first.");
                    break;
                default:
                    Toasts.Failed("It is not there any more.", "Nothing was changed.");
                    break;
            }
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "A command about an endpoint failed.");
            Toasts.Failed("That did not work.", Words.Kept(failure));
        }
        finally
        {
            _busy = false;
        }

        await LoadAsync();
    }
}
