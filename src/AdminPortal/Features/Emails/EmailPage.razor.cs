using AdminPortal.Components.Shared;
using AdminPortal.Features.Campaigns.Watch;
using Ledgerpost.Campaigns;
using Ledgerpost.Recipients;
using Ledgerpost.Sending;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Emails;

/// <summary>One transactional mail with its story and its content, read again whenever the engine says that it moved.</summary>
public sealed partial class EmailPage
{
    private EmailView? _view;
    private RecipientTimelineView? _story;
    private bool _missing;

    [Inject]
    public required EmailPages Pages { get; init; }

    [Inject]
    public required RecipientTimeline Timeline { get; init; }

    [Inject]
    public required ResumeCampaign Resume { get; init; }

    [Inject]
    public required CancelCampaign Cancel { get; init; }

    [SupplyParameterFromQuery(Name = "view")]
    public string? View { get; set; }

    private bool AsText => View == "text";

    private IReadOnlyList<Crumb> Crumbs => [new("Emails", PortalUrls.Emails(Session.Slug))];

    protected override CampaignStatus Status => _view!.Email.Status;

    protected override Task OpenAsync()
    {
        (_view, _story, _missing) = (null, null, false);
        return ReadAsync();
    }

    protected override async Task ReadAsync()
    {
        var (scope, id) = (Session.Caller.Scope, Id);
        var view = await Pages.FindAsync(scope, id, Closed);
        var story = view is null
            ? null
            : await Timeline.ExecuteAsync(scope, id, view.Recipient.Number, Closed, CampaignKind.Email);
        if (id == Id)
        {
            (_view, _story, _missing) = (view, story, view is null);
            Tick++;
        }
    }

    private Task ResumeAsync() =>
        ActAsync(async () =>
        {
            var request = new ResumeRequest(_view!.Email.CurrentRun, IncludeJoined: false);
            if (await Resume.ExecuteAsync(Session.Caller, Id, request, CancellationToken.None) is ResumeResult.Resumed)
            {
                Toasts.Done("The mail goes on.");
            }
            else
            {
                Toasts.Note("It is not stopped any more.", "Somebody was first; nothing more was started.");
            }
        });

    private Task CancelAsync() =>
        ActAsync(async () =>
        {
            var question = new Confirmation(
                $"Cancel the mail to {_view!.Recipient.Email}?",
                [
                    _view.Recipient.State == RecipientState.Pending
                        ? "It was not sent, and never will be."
                        : "A call was made: it may have gone out, and nothing is repeated any more. Proof is still taken.",
                    "A cancelled mail cannot be resumed; the program that gave it needs a new key to send another.",
                ],
                "Cancel the mail",
                Danger: true
            );
            if (!await Confirmations.AskAsync(question))
            {
                return;
            }

            var result = await Cancel.ExecuteAsync(Session.Caller, Id, CancellationToken.None);
            if (result.Won)
            {
                Toasts.Done("Cancelled.");
            }
            else
            {
                Toasts.Note("It has come to its end meanwhile; nothing was changed.");
            }
        });
}
