using AdminPortal.Components.Shared;
using AdminPortal.Features.Contacts;
using AdminPortal.Tenancy;
using Ledgerpost.Contacts;
using Ledgerpost.Suppression;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Suppression;

/// <summary>The tenant's suppression list; filters and page stand in the address.</summary>
public sealed partial class SuppressionPage : IDisposable
{
    private const int PageSize = 50;

    private readonly CancellationTokenSource _closed = new();
    private readonly LatestRead _latest = new();
    private IReadOnlyList<FieldError> _errors = [];
    private SuppressionReason _why = SuppressionReason.Unsubscribed;
    private SuppressionReason? _reason;
    private SuppressedPage? _page;
    private string? _failed;
    private string? _email;
    private string? _note;
    private bool _adding;
    private bool _saving;

    [Inject]
    public required SuppressionList List { get; init; }

    [Inject]
    public required AddSuppression Add { get; init; }

    [Inject]
    public required RemoveSuppression Remove { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required ILogger<SuppressionPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    [SupplyParameterFromQuery(Name = "q")]
    public string? Q { get; set; }

    [SupplyParameterFromQuery(Name = "reason")]
    public string? Reason { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageQuery { get; set; }

    private int PageNumber => Math.Max(1, PageQuery ?? 1);

    private bool MayChange => Session.Can(TenantRole.Admin);

    private IReadOnlyList<FilterChip> Chips
    {
        get
        {
            var chips = new List<FilterChip>();
            if (!string.IsNullOrEmpty(Q))
            {
                chips.Add(new($"“{Q}”", PortalUrls.Suppression(Session.Slug, null, Reason)));
            }

            if (_reason is { } reason)
            {
                chips.Add(new(SuppressionWords.Of(reason).Word, PortalUrls.Suppression(Session.Slug, Q)));
            }

            return chips;
        }
    }

    public void Dispose()
    {
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override async Task OnParametersSetAsync()
    {
        _reason = Enum.TryParse<SuppressionReason>(Reason, ignoreCase: true, out var reason) ? reason : null;
        await LoadAsync();
    }

    private async Task LoadAsync()
    {
        var isLatest = _latest.Begin();
        try
        {
            var offset = (PageNumber - 1) * PageSize;
            var page = await List.ExecuteAsync(Session.Caller, Q, _reason, offset, PageSize, _closed.Token);
            if (isLatest())
            {
                (_page, _failed) = (page, null);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "The suppression list could not be loaded");
            _failed = isLatest() ? "The list could not be loaded." : _failed;
        }
    }

    private string? Invalid(string field) => _errors.Any(error => error.Field == field) ? "true" : null;

    private void Close() => (_adding, _email, _note, _errors) = (false, null, null, []);

    private Task SearchAsync(string text)
    {
        Navigation.NavigateTo(PortalUrls.Suppression(Session.Slug, text, Reason), replace: true);
        return Task.CompletedTask;
    }

    private void Filter(ChangeEventArgs args) =>
        Navigation.NavigateTo(PortalUrls.Suppression(Session.Slug, Q, args.Value as string));

    private Task AddAsync() =>
        TryAsync(async () =>
        {
            switch (await Add.ExecuteAsync(Session.Caller, _email, _why, _note))
            {
                case SuppressionOutcome.Invalid invalid:
                    _errors = invalid.Errors;
                    return;
                case SuppressionOutcome.AlreadyThere there:
                    Toasts.Note(
                        $"{_email} is on the list already: {SuppressionWords.Of(there.Reason).Word.ToLowerInvariant()}."
                    );
                    break;
                default:
                    Toasts.Done($"{_email} will not be mailed.");
                    break;
            }

            Close();
            await LoadAsync();
        });

    private async Task RemoveAsync(SuppressionRow row)
    {
        var question = new Confirmation(
            $"Mail {row.Email} again?",
            [SuppressionWords.Warning(row.Reason), "Who removed it and when is kept in the audit log."],
            "Remove from the list",
            Danger: row.Reason >= SuppressionReason.Bounced
        );
        if (await Confirmations.AskAsync(question))
        {
            await TryAsync(async () =>
            {
                if (await Remove.ExecuteAsync(Session.Caller, row.Id) is SuppressionOutcome.Removed)
                {
                    Toasts.Done($"{row.Email} was removed from the list.");
                }
                else
                {
                    Toasts.Failed($"{row.Email} was not removed.", SuppressionWords.Changed);
                }

                await LoadAsync();
            });
        }
    }

    private async Task TryAsync(Func<Task> command)
    {
        (_saving, _errors) = (true, []);
        try
        {
            await command();
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was changed.");
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "The suppression list could not be changed");
            Toasts.Failed("That did not work.", Words.Kept(failure));
        }
        finally
        {
            _saving = false;
        }
    }
}
