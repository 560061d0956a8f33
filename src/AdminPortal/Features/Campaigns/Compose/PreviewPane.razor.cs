using AdminPortal.Tenancy;
using Ledgerpost.Campaigns;
using Microsoft.AspNetCore.Components;

namespace AdminPortal.Features.Campaigns.Compose;

/// <summary>The mail as one person gets it. What it shows stands in the address; a fault keeps the last good picture.</summary>
public sealed partial class PreviewPane
{
    private IReadOnlyList<PreviewPerson> _people = [];
    private RenderedMail? _mail;
    private PreviewResult.Fault? _fault;
    private (string Subject, string Html, string? Text, Guid? SeenBy)? _rendered;

    [Inject]
    public required PreviewCampaign Preview { get; init; }

    [Inject]
    public required FindPreviewPeople Find { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [CascadingParameter]
    public required TenantSession Session { get; set; }

    [Parameter, EditorRequired]
    public required Guid CampaignId { get; set; }

    [Parameter, EditorRequired]
    public required DraftContent Content { get; set; }

    [Parameter]
    public string? From { get; set; }

    [Parameter]
    public string? View { get; set; }

    [Parameter]
    public string? Theme { get; set; }

    [Parameter]
    public Guid? SeenBy { get; set; }

    private bool Dark => Theme == "dark";

    private PreviewPerson Shown { get; set; } = PreviewPerson.Sample;

    protected override async Task OnParametersSetAsync()
    {
        var wanted = (Content.Subject, Content.Html, Content.Text, SeenBy);
        if (_rendered == wanted)
        {
            return;
        }

        _rendered = wanted;
        var result = await Preview.ExecuteAsync(
            Session.Caller.Scope,
            Content.Subject,
            Content.Html,
            SeenBy,
            CancellationToken.None,
            Content.Text
        );
        // A slower look at an older text must not paint over the newer one.
        if (_rendered != wanted)
        {
            return;
        }

        _fault = result as PreviewResult.Fault;
        if (result is PreviewResult.Rendered rendered)
        {
            (_mail, Shown) = (rendered.Mail, rendered.As);
        }
    }

    private static string? Is(bool current) => current ? "true" : null;

    private string Href(string? view, string? theme) =>
        PortalUrls.EditCampaign(Session.Slug, CampaignId, view, theme, SeenBy);

    private async Task FindAsync(ChangeEventArgs change) =>
        _people = await Find.ExecuteAsync(
            Session.Caller.Scope,
            Content.AudienceKind,
            Content.AudienceTag,
            Content.AudienceSegmentId,
            Content.ContinuesId,
            change.Value as string,
            CancellationToken.None
        );

    private async Task ChooseAsync(ChangeEventArgs change)
    {
        var text = (change.Value as string ?? "").Trim();
        if (_people.All(person => !string.Equals(person.Email, text, StringComparison.OrdinalIgnoreCase)))
        {
            await FindAsync(change);
        }

        var chosen = _people.FirstOrDefault(p => string.Equals(p.Email, text, StringComparison.OrdinalIgnoreCase));
        if (chosen is not null || text.Length == 0)
        {
            Navigation.NavigateTo(
                PortalUrls.EditCampaign(Session.Slug, CampaignId, View, Theme, chosen?.ContactId),
                replace: true
            );
        }
    }
}
