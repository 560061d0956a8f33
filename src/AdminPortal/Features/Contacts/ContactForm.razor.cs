using AdminPortal.Tenancy;
using Ledgerpost.Contacts;
using Ledgerpost.Segments;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Contacts;

/// <summary>A new contact, or one that is there. What was typed stays until it was saved.</summary>
public sealed partial class ContactForm
{
    private IReadOnlyList<FieldError> _errors = [];
    private List<FieldRow> _fields = [];
    private Guid? _shown;
    private DateTimeOffset _seen;
    private Guid? _taken;
    private string? _problem;
    private string? _email;
    private string? _firstName;
    private string? _lastName;
    private string? _tags;
    private bool _filled;
    private bool _saving;

    [Inject]
    public required AddContact Add { get; init; }

    [Inject]
    public required ChangeContact Change { get; init; }

    [Inject]
    public required ILogger<ContactForm> Logger { get; init; }

    [Parameter, EditorRequired]
    public required TenantSession Session { get; set; }

    /// <summary>Null for a new one.</summary>
    [Parameter]
    public ContactRow? Contact { get; set; }

    [Parameter, EditorRequired]
    public required string CloseHref { get; set; }

    [Parameter]
    public EventCallback<Guid> OnSaved { get; set; }

    private bool ReadOnly => !Session.Can(TenantRole.Editor);

    protected override void OnParametersSet()
    {
        // The page around may render again for its own reasons; only another contact replaces what was typed.
        if (_filled && _shown == Contact?.Id)
        {
            return;
        }

        (_filled, _shown) = (true, Contact?.Id);
        // The page reads the contact again while this is open. What a save replaces is what was here to be seen.
        _seen = Contact?.UpdatedAt ?? default;
        (_errors, _problem, _taken) = ([], null, null);
        (_email, _firstName, _lastName) = (Contact?.Email, Contact?.FirstName, Contact?.LastName);
        _tags = Contact is null ? null : string.Join(", ", Contact.Tags);
        _fields = FieldRow.Of(Contact?.Fields ?? ContactFields.None);
    }

    private string? Invalid(string field) => _errors.Any(error => error.Field == field) ? "true" : null;

    private async Task SaveAsync()
    {
        (_saving, _errors, _problem, _taken) = (true, [], null, null);
        try
        {
            var fields = FieldRow.Read(_fields, out var twice);
            if (twice is not null)
            {
                _errors = [twice];
                return;
            }

            var input = new ContactInput(_email, _firstName, _lastName, _tags, fields);
            await ShowAsync(
                Contact is null
                    ? await Add.ExecuteAsync(Session.Caller, input)
                    : await Change.ExecuteAsync(Session.Caller, Contact.Id, _seen, input)
            );
        }
        catch (AccessDeniedException denied)
        {
            _problem = denied.Message;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "A contact could not be saved");
            _problem = "The contact could not be saved. What you typed is still here; try again.";
        }
        finally
        {
            _saving = false;
        }
    }

    private async Task ShowAsync(ContactOutcome outcome)
    {
        switch (outcome)
        {
            case ContactOutcome.Saved saved:
                await OnSaved.InvokeAsync(saved.ContactId);
                break;
            case ContactOutcome.Invalid invalid:
                _errors = invalid.Errors;
                break;
            case ContactOutcome.AddressTaken taken:
                _taken = taken.ContactId;
                _errors = [new FieldError("Email", "There is a contact with this address already.")];
                break;
            case ContactOutcome.ChangedMeanwhile:
                _problem =
                    "Somebody changed this contact while you did. Nothing was saved; copy what you need, then close and open it again.";
                break;
            default:
                _problem = "This contact was deleted meanwhile. Nothing was saved.";
                break;
        }
    }
}
