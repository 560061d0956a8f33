using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.LiveUpdates;
using Ledgerpost.Senders;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Senders;

/// <summary>The tenant's sending domains, each with its records and senders.</summary>
public sealed partial class SendersPage : IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private IReadOnlyList<DomainView>? _domains;
    private string _region = AddSendingDomain.Regions[0];
    private string? _failed;
    private string? _refused;
    private string? _name;
    private bool _adding;
    private bool _busy;
    private IDisposable? _live;

    [Inject]
    public required SenderOverview Overview { get; init; }

    [Inject]
    public required AddSendingDomain Add { get; init; }

    [Inject]
    public required CampaignNotifier Live { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<SendersPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    private bool MayOwn => Session.Can(TenantRole.Owner);

    public void Dispose()
    {
        _live?.Dispose();
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override Task OnInitializedAsync()
    {
        if (RendererInfo.IsInteractive)
        {
            // What the background look finds is shown without anybody pressing.
            _live = Live.Subscribe(
                Session.TenantId,
                () =>
                    InvokeAsync(async () =>
                    {
                        await LoadAsync();
                        StateHasChanged();
                    })
            );
        }

        return LoadAsync();
    }

    private async Task LoadAsync()
    {
        try
        {
            _domains = await Overview.ExecuteAsync(Session.Caller, _closed.Token);
            _failed = null;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "The senders could not be loaded");
            _failed = "The senders could not be loaded.";
        }
    }

    private async Task AddAsync()
    {
        (_busy, _refused) = (true, null);
        try
        {
            switch (await Add.ExecuteAsync(Session.Caller, _name, _region, _closed.Token))
            {
                case DomainOutcome.Refused refused:
                    _refused = refused.Reason;
                    return;
                case DomainOutcome.Waiting:
                    Toasts.Note("The provider did not answer.", "The domain is kept. Press “Check again” in a while.");
                    break;
                default:
                    Toasts.Done($"{_name} was added.", "Set the records below at your DNS provider.");
                    break;
            }

            (_adding, _name) = (false, null);
            await LoadAsync();
        }
        catch (AccessDeniedException denied)
        {
            _refused = denied.Message;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "A domain could not be added");
            _refused = "That did not work. " + Words.Kept(failure);
        }
        finally
        {
            _busy = false;
        }
    }
}
