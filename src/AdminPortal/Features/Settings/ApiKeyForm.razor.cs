using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Contacts;
using Ledgerpost.Programs;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Settings;

/// <summary>A key is given what is ticked here and nothing else: none ticked is asked about, not read as all.</summary>
public sealed partial class ApiKeyForm
{
    private readonly HashSet<string> _scopes = new(StringComparer.Ordinal) { "read" };
    private IReadOnlyList<FieldError> _errors = [];
    private string _name = "";
    private bool _busy;

    [Inject]
    public required CreateApiKey Create { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Parameter, EditorRequired]
    public required TenantSession Session { get; set; }

    [Parameter, EditorRequired]
    public required string CloseHref { get; set; }

    [Parameter, EditorRequired]
    public required EventCallback<ApiKeyOutcome.Created> OnCreated { get; set; }

    private static string Explained(string scope) =>
        scope switch
        {
            "read" => "reads everything but the audit log and the keys",
            "contacts" => "adds, changes, imports and deletes contacts and segments",
            "send" => "writes templates and campaigns, sends and resumes them",
            _ => "sending domains, senders, API keys and the audit log",
        };

    private void Toggle(string scope)
    {
        if (!_scopes.Remove(scope))
        {
            _scopes.Add(scope);
        }
    }

    private async Task CreateAsync()
    {
        if (_busy)
        {
            return;
        }

        var input = new ApiKeyInput(_name, [.. _scopes]);
        _errors = input.Problems();
        if (_errors.Count > 0)
        {
            return;
        }

        _busy = true;
        try
        {
            switch (await Create.ExecuteAsync(Session.Caller, input, CancellationToken.None))
            {
                case ApiKeyOutcome.Created created:
                    await OnCreated.InvokeAsync(created);
                    break;
                case ApiKeyOutcome.Invalid invalid:
                    _errors = invalid.Errors;
                    break;
            }
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "No key was made.");
        }
        finally
        {
            _busy = false;
        }
    }

    private string? Invalid(string field) => _errors.Any(error => error.Field == field) ? "true" : null;
}
