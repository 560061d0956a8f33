using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Campaigns;
using Ledgerpost.Contacts;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns.Compose;

/// <summary>
/// Writing a campaign: the form at the left, the mail at the right. What is typed is saved as it is typed, and until the
/// server has it the browser keeps a copy (ComposePage.Browser.cs). It shows one draft for as long as it lives.
/// </summary>
public sealed partial class ComposePage
{
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationToken _closed;
    private DraftEditor? _editor;
    private ComposeChoices? _choices;
    private PreflightReport? _report;
    private string? _continues;
    private bool _missing;
    private bool _busy;

    // Raised to replace what stands in the typed fields.
    private int _round;

    public ComposePage() => _closed = _closing.Token;

    [Inject]
    public required OpenCampaign Open { get; init; }

    [Inject]
    public required SaveDraft Save { get; init; }

    [Inject]
    public required DeleteDraft Delete { get; init; }

    [Inject]
    public required ListComposeChoices Choices { get; init; }

    [Inject]
    public required Preflight Preflight { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required Confirmations Confirmations { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter, EditorRequired]
    public required Guid Id { get; set; }

    [SupplyParameterFromQuery(Name = "view")]
    public string? View { get; set; }

    [SupplyParameterFromQuery(Name = "theme")]
    public string? Theme { get; set; }

    [SupplyParameterFromQuery(Name = "as")]
    public Guid? SeenBy { get; set; }

    /// <summary>The person is on another page: what comes back from now on is for neither the browser nor the screen.</summary>
    private bool Left => _closed.IsCancellationRequested;

    private IReadOnlyList<Crumb> Crumbs => [new("Campaigns", PortalUrls.Campaigns(Session.Slug))];

    private string? From => _choices?.Senders.FirstOrDefault(sender => sender.Id == _editor?.Content.SenderId)?.Shown;

    /// <summary>At the fields: what cannot be kept, and what is wrong in a text that is there. An empty one is no mistake yet.</summary>
    private IReadOnlyList<FieldError> Problems =>
        [
            .. _editor!.Problems,
            .. (_report?.Items ?? [])
                .Where(item => item.Severity == PreflightSeverity.Blocker && IsFilled(item.Field))
                .Select(item => new FieldError(item.Field, item.Sentence)),
        ];

    protected override async Task OnInitializedAsync()
    {
        var scope = Session.Caller.Scope;
        if (await Open.ExecuteAsync(scope, Id, _closed) is not { Campaign: var campaign } view)
        {
            _missing = true;
            return;
        }

        if (campaign.Status != CampaignStatus.Draft || !Session.Can(TenantRole.Editor))
        {
            Navigation.NavigateTo(PortalUrls.Campaign(Session.Slug, Id), replace: true);
            return;
        }

        _continues = view.Continues?.Name;
        _choices = await Choices.ExecuteAsync(scope, campaign.LeavesOut, _closed);
        _editor = new DraftEditor(Save, Session.Caller, Id, campaign.Version, DraftContent.Of(campaign))
        {
            Changed = () => _ = InvokeAsync(StateHasChanged),
        };
        await CheckAsync();
    }

    private bool IsFilled(string field) =>
        field switch
        {
            "subject" => _editor!.Content.Subject.Length > 0,
            "html" => _editor!.Content.Html.Length > 0,
            "text" => _editor!.Content.Text is not null,
            "sender" => _editor!.Content.SenderId is not null,
            "audience" => true,
            _ => false,
        };

    private async Task TypedAsync(TypedText typed)
    {
        var content = _editor!.Content;
        await ChangeAsync(
            typed.Field switch
            {
                "name" => content with { Name = typed.Text },
                "subject" => content with { Subject = typed.Text },
                "text" => content with { Text = ComposeForm.OwnText(typed.Text) },
                _ => content with { Html = typed.Text },
            }
        );
    }

    private async Task ChangeAsync(DraftContent content)
    {
        var isNew = content != _editor!.Content;
        await _editor.ChangeAsync(content);
        await AfterSaveAsync();
        if (isNew)
        {
            await CheckAsync();
        }
    }

    private async Task AfterSaveAsync()
    {
        if (Left)
        {
            return;
        }

        if (_editor!.State == DraftState.Gone)
        {
            Toasts.Note("It was launched or deleted meanwhile.", "Your last words are still in this browser.");
            Navigation.NavigateTo(PortalUrls.Campaign(Session.Slug, Id), replace: true);
        }
        else if (_editor.State == DraftState.Saved)
        {
            await TellBrowserAsync();
        }
    }

    private async Task CheckAsync()
    {
        if (Left)
        {
            return;
        }

        var content = _editor!.Content;
        var report = await Preflight.ExecuteAsync(Session.Caller.Scope, content, _closed);
        // Checks overlap while somebody types: only the one of the text that stands there now may speak, or an older one
        // that took longer would keep the launch shut.
        if (content == _editor.Content)
        {
            _report = report;
        }
    }

    private async Task SaveAgainAsync()
    {
        await _editor!.SaveAsync();
        await AfterSaveAsync();
    }

    private async Task KeepMineAsync()
    {
        await _editor!.KeepMineAsync();
        await AfterSaveAsync();
    }

    private async Task TakeTheirsAsync()
    {
        _editor!.TakeTheirs();
        _round++;
        await ForgetAsync();
        await CheckAsync();
    }

    private async Task DeleteAsync()
    {
        var continues = _editor!.Content.ContinuesId is null ? null : _continues;
        if (!await Confirmations.AskAsync(DeletionQuestions.Draft(_editor.Content.Name, continues)))
        {
            return;
        }

        try
        {
            var result = await Delete.ExecuteAsync(Session.Caller, Id, _closed);
            if (result == DeleteDraftResult.NotADraft)
            {
                Toasts.Failed("It has been launched meanwhile.", "A launched campaign stays; nothing was deleted.");
                Navigation.NavigateTo(PortalUrls.Campaign(Session.Slug, Id), replace: true);
                return;
            }

            await ForgetAsync();
            Toasts.Done("The draft was deleted.");
            Navigation.NavigateTo(PortalUrls.Campaigns(Session.Slug));
        }
        catch (AccessDeniedException denied)
        {
            Toasts.Failed(denied.Message, "Nothing was deleted.");
        }
    }
}
