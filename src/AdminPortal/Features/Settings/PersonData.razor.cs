using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Deletion;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Settings;

/// <summary>What the organisation has about one person: to hand out, or to forget.</summary>
public sealed partial class PersonData
{
    private string _email = "";
    private string? _problem;
    private string? _done;
    private string? _file;
    private PersonHoldings? _found;
    private bool _busy;

    [Inject]
    public required ExportPerson Export { get; init; }

    [Inject]
    public required ErasePerson Erase { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [CascadingParameter]
    public required TenantSession Tenant { get; set; }

    private static string Said(PersonHoldings found) =>
        found is { IsContact: false, Mails: 0, Entries: 0 }
            ? found.IsErased
                ? $"{found.Address} was erased. Only a keyed hash is left, so that nobody writes to it again."
                : $"You have nothing about {found.Address}."
            : $"{found.Address}: {(found.IsContact ? "a contact" : "no contact")}, {Words.Count(found.Mails, "mail", "mails")} in ledgers, {Words.Count(found.Entries, "entry", "entries")} of the audit log.";

    private Task LookAsync() =>
        RunAsync(async () =>
        {
            (_done, _file) = (null, null);
            _found = await Erase.LookAsync(Tenant.Caller, _email, CancellationToken.None);
            _problem = _found is null ? "This is not an e-mail address." : null;
        });

    private Task ExportAsync() =>
        RunAsync(async () =>
        {
            var document = await Export.ExecuteAsync(Tenant.Caller, _found!.Address, CancellationToken.None);
            _file = $"data:application/json;base64,{Convert.ToBase64String(document!)}";
        });

    private Task EraseAsync() =>
        RunAsync(async () =>
        {
            var found = _found!;
            if (!await Confirmations.AskAsync(DeletionQuestions.Person(found)))
            {
                return;
            }

            switch (await Erase.ExecuteAsync(Tenant.Caller, found.Address, CancellationToken.None))
            {
                case ErasePersonResult.Erased:
                    (_found, _file, _email) = (null, null, "");
                    _done = "The person is erased. Backups made before still have them until you delete those.";
                    break;
                case ErasePersonResult.InDoubt doubt:
                    Toasts.Failed(
                        "Nothing was erased: whether a mail to this person went out is not known yet.",
                        $"It may have to be sent again as it is. At most {doubt.AtMost.TotalHours:0} hours after its first try that is over; erase them then."
                    );
                    break;
                case ErasePersonResult.IsMember:
                    Toasts.Failed(
                        "Nothing was erased: this person is a member of the organisation.",
                        "An owner removes them under Members first; erase them then."
                    );
                    break;
                case ErasePersonResult.ImportRunning:
                    Toasts.Failed(
                        "Nothing was erased: an import is running, and may bring this person back.",
                        "Erase them when it has ended."
                    );
                    break;
                case ErasePersonResult.Invalid invalid:
                    _problem = invalid.Message;
                    break;
            }
        });

    private async Task RunAsync(Func<Task> work)
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        try
        {
            await work();
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
}
