using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Contacts;
using Ledgerpost.OutgoingEvents;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.OutgoingEvents;

/// <summary>Address and events of an endpoint, a new one or one that is there.</summary>
public sealed partial class WebhookForm
{
    private readonly HashSet<string> _events = new(StringComparer.Ordinal);
    private IReadOnlyList<FieldError> _errors = [];
    private string _url = "";
    private bool _busy;

    [Inject]
    public required CreateEndpoint Create { get; init; }

    [Inject]
    public required ChangeEndpoint Change { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Parameter, EditorRequired]
    public required TenantSession Session { get; set; }

    /// <summary>Null for a new one.</summary>
    [Parameter]
    public EndpointRow? Endpoint { get; set; }

    [Parameter, EditorRequired]
    public required string CloseHref { get; set; }

    [Parameter, EditorRequired]
    public required EventCallback<EndpointOutcome.Saved> OnSaved { get; set; }

    protected override void OnInitialized()
    {
        if (Endpoint is { } endpoint)
        {
            _url = endpoint.Url;
            _events.UnionWith(endpoint.Events);
        }
    }

    private void Toggle(string name)
    {
        if (!_events.Remove(name))
        {
            _events.Add(name);
        }
    }

    private async Task SaveAsync()
    {
        if (_busy)
        {
            return;
        }

        var input = new EndpointInput(_url.Trim(), [.. _events]);
        _busy = true;
        try
        {
            var outcome = Endpoint is { } endpoint
                ? await Change.ExecuteAsync(Session.Caller, endpoint.Id, _ => input, CancellationToken.None)
                : await Create.ExecuteAsync(Session.Caller, input, CancellationToken.None);
            switch (outcome)
            {
                case EndpointOutcome.Saved saved:
                    _errors = [];
                    await OnSaved.InvokeAsync(saved);
                    break;
                case EndpointOutcome.Invalid invalid:
                    _errors = invalid.Errors;
                    break;
                default:
                    Toasts.Failed("The endpoint is not there any more.", "Nothing was changed.");
                    break;
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
    }

    private string? Invalid(string field) => _errors.Any(error => error.Field == field) ? "true" : null;
}
