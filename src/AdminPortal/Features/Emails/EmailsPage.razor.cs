using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Emails;

/// <summary>The tenant's transactional mails, beside its campaigns; filter and place stand in the address.</summary>
public sealed partial class EmailsPage : IDisposable
{
    private const int PageSize = 50;

    private readonly CancellationTokenSource _closed = new();
    private readonly LatestRead _latest = new();
    private IReadOnlyList<EmailView>? _page;
    private EmailStatus? _status;
    private string? _failed;
    private bool _busy;

    [Inject]
    public required EmailPages Pages { get; init; }

    [Inject]
    public required ResumeCampaign Resume { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required ILogger<EmailsPage> Logger { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter]
    public required string Slug { get; set; }

    [SupplyParameterFromQuery(Name = "status")]
    public string? Status { get; set; }

    [SupplyParameterFromQuery(Name = "to")]
    public string? To { get; set; }

    [SupplyParameterFromQuery(Name = "after")]
    public string? After { get; set; }

    private bool IsFiltered => _status is not null || !string.IsNullOrEmpty(To) || After is not null;

    // One more is read than is shown, to know whether there is an older one.
    private IReadOnlyList<EmailView>? Shown => _page is { Count: > PageSize } ? [.. _page.Take(PageSize)] : _page;

    // What is unknown is decided one by one, on its own page.
    private IReadOnlyList<EmailView> Resumable =>
        [.. (Shown ?? []).Where(mail => mail.Recipient.State != RecipientState.Unknown)];

    private IReadOnlyList<FilterChip> Chips =>
        string.IsNullOrEmpty(To) ? [] : [new FilterChip($"To {To}", PortalUrls.Emails(Session.Slug, Status))];

    public void Dispose()
    {
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override Task OnParametersSetAsync() => LoadAsync();

    private async Task LoadAsync()
    {
        var isLatest = _latest.Begin();
        try
        {
            _status = EmailWords.Parse(Status);
            EmailCursor? after = EmailCursor.TryParse(After, null, out var cursor) ? cursor : null;
            var page = await Pages.ExecuteAsync(
                Session.Caller.Scope,
                new EmailListQuery(_status, string.IsNullOrWhiteSpace(To) ? null : To, after, PageSize + 1),
                _closed.Token
            );
            if (isLatest())
            {
                (_page, _failed) = (page, null);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Logger.LogError(failure, "The emails could not be loaded");
            _failed = isLatest() ? "The emails could not be loaded." : _failed;
        }
    }

    private Task SearchAsync(string text)
    {
        Navigation.NavigateTo(PortalUrls.Emails(Session.Slug, Status, text), replace: true);
        return Task.CompletedTask;
    }

    private async Task ResumeAllAsync()
    {
        var mails = Resumable;
        var question = new Confirmation(
            $"Resume {Words.Count(mails.Count, "mail", "mails")}?",
            [
                "Those that wait are sent; of those in doubt the same call is repeated under the same key. Nobody is mailed twice.",
                "If what stopped them is not mended, they stop again.",
            ],
            "Resume them"
        );
        if (_busy || !await Confirmations.AskAsync(question))
        {
            return;
        }

        _busy = true;
        var resumed = 0;
        try
        {
            foreach (var mail in mails)
            {
                var request = new ResumeRequest(mail.Email.CurrentRun, IncludeJoined: false);
                var result = await Resume.ExecuteAsync(Session.Caller, mail.Email.Id, request, CancellationToken.None);
                resumed += result is ResumeResult.Resumed ? 1 : 0;
            }

            Toasts.Done($"{Words.Count(resumed, "mail goes", "mails go")} on.");
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, $"{Words.Count(resumed, "mail was", "mails were")} resumed before.");
        }
        finally
        {
            _busy = false;
        }

        await LoadAsync();
    }
}
