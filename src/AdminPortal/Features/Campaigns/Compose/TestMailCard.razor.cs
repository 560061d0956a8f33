using AdminPortal.Components.Layout;
using AdminPortal.Components.Shared;
using AdminPortal.Tenancy;
using Ledgerpost.Sending;
using Ledgerpost.Tenancy;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns.Compose;

/// <summary>One mail to oneself, as it is now on the screen.</summary>
public sealed partial class TestMailCard
{
    private string _to = "";
    private string? _sentence;
    private Tone _tone;
    private bool _busy;

    [Inject]
    public required SendTestMail Test { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [CascadingParameter]
    public ShellView? Shell { get; set; }

    [Parameter, EditorRequired]
    public required Guid CampaignId { get; set; }

    [Parameter, EditorRequired]
    public required DraftEditor Editor { get; set; }

    /// <summary>The contact whose data is merged, as in the preview.</summary>
    [Parameter]
    public Guid? SeenBy { get; set; }

    protected override void OnInitialized() => _to = Shell?.Person?.Email ?? "";

    private async Task SendAsync()
    {
        if (_busy)
        {
            return;
        }

        (_busy, _sentence, _tone) = (true, null, Tone.Neutral);
        try
        {
            await Editor.SaveAsync();
            (_sentence, _tone) =
                Editor.State == DraftState.Saved
                    ? Say(await Test.ExecuteAsync(Session.Caller, CampaignId, _to, SeenBy, CancellationToken.None))
                    : ("The draft is not saved yet, so nothing was sent.", Tone.Bad);
        }
        catch (AccessDeniedException denied)
        {
            (_sentence, _tone) = ($"{denied.Message} Nothing was sent.", Tone.Bad);
        }
        finally
        {
            _busy = false;
        }
    }

    private (string Sentence, Tone Tone) Say(SendTestMailResult result) =>
        result switch
        {
            SendTestMailResult.Accepted => ($"The provider accepted a test mail to {_to.Trim()}.", Tone.Good),
            SendTestMailResult.Refused refused => ($"Nothing was sent: {refused.Message}", Tone.Bad),
            SendTestMailResult.Unknown unknown => (
                $"It may have arrived; look before you send another. {unknown.Why}",
                Tone.Warn
            ),
            _ => ("This campaign no longer exists. Nothing was sent.", Tone.Bad),
        };
}
